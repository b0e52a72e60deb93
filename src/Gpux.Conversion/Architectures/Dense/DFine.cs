using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>D-FINE: RT-DETR whose boxes are refined as distributions of their edges.</summary>
/// <remarks>Source: arXiv:2410.13842; outputs of transformers 5.23, modeling_d_fine.py. B = images, Q = queries, D = width of a state.</remarks>
internal static class DFine
{
    public static Architecture Architecture { get; } = new("d_fine", "ustc-community/dfine-small-coco",
        [new("DFineForObjectDetection", ModelTask.ObjectDetection, ObjectDetection)]);

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new RtDetr.Config(json), weights.Body("model"));
        weights.Ignore("class_embed", "bbox_embed"); // once more what the decoder holds
        if (json.Int("eval_idx", -1, minimum: int.MinValue) is var last && last != -1 && last != config.DecoderLayers - 1)
            throw new UnsupportedModelException("This d_fine does not take the last layer's answer (eval_idx).", "Take one with eval_idx -1.");
        var maps = Encode(RtDetr.Project(Backbone.Maps(graph, json, body["backbone.model"]), body["encoder_input_proj"]), config, body["encoder"]);
        var proposed = RtDetr.Propose(maps, config, body);
        var decoder = body["decoder"];
        var scale = decoder.Get("reg_scale").Abs(); // [1]
        var bins = Bins(decoder.Get("up").Abs() * scale, json);
        var (x, boxes) = (proposed.Queries, proposed.Boxes.Sigmoid());
        Value? first = null, edges = null, before = null;
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            x = Layer(x, boxes, proposed, json, config, decoder, decoder[$"layers.{i}"]);
            // The first layer tells a box, and all layers how far its edges lie from there.
            first ??= (x.Predict(decoder["pre_bbox_head"]) + boxes.InverseSigmoid()).Sigmoid();
            var told = (before is null ? x : x + before).Predict(decoder[$"bbox_embed.{i}"]);
            edges = edges is null ? told : told + edges;
            boxes = Move(first, Expect(edges, bins), scale);
            before = x;
        }
        decoder.Ignore("class_embed", "lqe_layers"); // those of earlier layers act in training only
        var logits = x.Linear(decoder[$"class_embed.{config.DecoderLayers - 1}"]) + Quality(edges!, json, decoder[$"lqe_layers.{config.DecoderLayers - 1}"]); // there are layers
        var outputs = new Outputs { { "logits", logits }, { "pred_boxes", boxes }, { "last_hidden_state", x } };
        for (var i = 0; i < maps.Count; i++)
            outputs.Add($"encoder_last_hidden_state.{i}", maps[i]);
        return outputs;
    }

    private static Value Layer(Value x, Value boxes, RtDetr.Proposed proposed, ModelConfig json, RtDetr.Config config, Weights decoder, Weights layer)
    {
        var positions = boxes.Predict(decoder["query_pos_head"]).Clip(-10, 10);
        var asking = x + positions;
        x = (x + asking.CrossAttention(asking, x, mask: null, layer["self_attn"], config.DecoderHeads)).LayerNorm(layer["self_attn_layer_norm"], config.Epsilon);
        var attention = layer["encoder_attn"];
        var points = json.IsList("decoder_n_points") ? json.Ints("decoder_n_points") : [.. Enumerable.Repeat(json.Int("decoder_n_points", 4, minimum: 1), config.Levels)];
        if (points.Count != config.Levels || points.Any(count => count < 1))
            throw json.Invalid("decoder_n_points", $"a number, or {config.Levels} of them, was expected");
        var scales = attention.Get("num_points_scale"); // one over each number
        Value Scale(int level) => scales.Slice(axis: 0, points.Take(level).Sum(), points.Take(level + 1).Sum()).Unsqueeze(1);
        var found = (x + positions).AttendDeformably(proposed.Memory, proposed.Levels, attention, config.DecoderHeads, points,
            (offsets, level) => RtDetr.Corner(boxes) + offsets * Scale(level) * RtDetr.Size(boxes) * json.Float("decoder_offset_scale", 0.5f), RtDetr.Sampling(json));
        // A gate weighs what was found against what was known.
        var gates = ((Value[])[x, found]).Concat(axis: 2).Linear(layer["gateway.gate"]).Sigmoid().Split(axis: 2, x.Dim(2).Size!.Value, x.Dim(2).Size!.Value); // projections have known widths
        x = (gates[0] * x + gates[1] * found).LayerNorm(layer["gateway.norm"], Convolutions.Epsilon);
        return (x + x.Perceptron(layer["fc1"], layer["fc2"], config.DecoderActivation)).Clip(-65504, 65504).LayerNorm(layer["final_layer_norm"], config.Epsilon);
    }

    // What each bin of a distribution stands for, [bins, 1]: small steps in the middle, growing outwards to a bound, [1].
    private static Value Bins(Value bound, ModelConfig json)
    {
        var count = json.Int("max_num_bins", 32, minimum: 4);
        if (count > 4096 || count % 2 != 0)
            throw json.Invalid("max_num_bins", "an even number of at most 4096 was expected");
        var (steps, signs) = (new float[count - 1], new float[count - 1]);
        for (var i = 0; i < steps.Length; i++)
            (steps[i], signs[i]) = (Math.Abs(i + 1 - count / 2), Math.Sign(i + 1 - count / 2));
        var graph = bound.Graph;
        var step = (bound + 1f).Power(2.0 / (count - 2));
        var inner = (step.Power(graph.Constant(steps, steps.Length)) - 1f) * graph.Constant(signs, signs.Length);
        return ((Value[])[bound * -2f, inner, bound * 2f]).Concat(axis: 0).Unsqueeze(1);
    }

    // The mean of each edge's distribution, [B, Q, 4 * bins] to [B, Q, 4].
    private static Value Expect(Value edges, Value bins) =>
        Distributions(edges, bins.Dim(0).Size!.Value).MatMul(bins).Reshape(edges.Dim(0), edges.Dim(1), 4); // configured

    private static Value Distributions(Value edges, long bins) => edges.Reshape(edges.Dim(0), edges.Dim(1), 4, bins).Softmax(-1);

    // A box by its middle and size, whose edges lie so far from the middle, in shares of half its size.
    private static Value Move(Value box, Value edges, Value scale)
    {
        var (middle, unit, half) = (box.Slice(axis: 2, 0, 2), box.Slice(axis: 2, 2) / scale, scale * 0.5f);
        var start = middle - (edges.Slice(axis: 2, 0, 2) + half) * unit;
        var end = middle + (edges.Slice(axis: 2, 2) + half) * unit;
        return ((Value[])[(start + end) / 2f, end - start]).Concat(axis: 2);
    }

    // How sure the distributions are: [B, Q, 1].
    private static Value Quality(Value edges, ModelConfig json, Weights weights)
    {
        var most = json.Int("top_prob_values", 4, minimum: 1);
        var (top, _) = Distributions(edges, json.Int("max_num_bins", 32, minimum: 4) + 1L).Largest(most);
        return ((Value[])[top, top.Mean(axis: 3, keep: true)]).Concat(axis: 3).Reshape(edges.Dim(0), edges.Dim(1), 4L * (most + 1)).Predict(weights["reg_conf"]);
    }

    // Attention within the coarsest map, then sums from coarse to fine and back, by layers that split and join channels.
    private static List<Value> Encode(IReadOnlyList<Value> given, RtDetr.Config config, Weights weights)
    {
        var maps = RtDetr.AttendWithin(given, config, weights["encoder"]);
        var last = maps.Count - 1;
        for (var i = 0; i < last; i++)
        {
            var (coarse, fine) = (RtDetr.Normalized(maps[last - i], weights[$"lateral_convs.{i}"], config), maps[last - i - 1]);
            maps[last - i] = coarse;
            maps[last - i - 1] = Mix(((Value[])[coarse.ResizeNearest(fine.Dim(2), fine.Dim(3)), fine]).Concat(axis: 1), weights[$"fpn_blocks.{i}"], config);
        }
        for (var i = 0; i < last; i++)
        {
            var down = weights[$"downsample_convs.{i}"];
            var smaller = RtDetr.Normalized(RtDetr.Normalized(maps[i], down["conv1"], config), down["conv2"], config, stride: 2);
            maps[i + 1] = Mix(((Value[])[smaller, maps[i + 1]]).Concat(axis: 1), weights[$"pan_blocks.{i}"], config);
        }
        return maps;
    }

    private static Value Mix(Value x, Weights weights, RtDetr.Config config)
    {
        Value Layer(Value of, string name) => RtDetr.Normalized(of, weights[name], config).Silu();
        x = Layer(x, "conv1");
        var half = x.Dim(1).Size!.Value / 2; // kernels have known extents
        var parts = x.Split(axis: 1, half, half).ToList();
        parts.Add(Layer(RtDetr.Mix(parts[1], weights["csp_rep1"], config), "conv2"));
        parts.Add(Layer(RtDetr.Mix(parts[2], weights["csp_rep2"], config), "conv3"));
        return Layer(parts.Concat(axis: 1), "conv4");
    }
}
