using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>RT-DETR: a convolutional encoder over three maps, and a decoder that refines the best of their places.</summary>
/// <remarks>Sources: arXiv:2304.08069, arXiv:2407.17140 (version 2); outputs of transformers 5.23, modeling_rt_detr.py and
/// modeling_rt_detr_v2.py. B = images, Q = queries, N = places of all maps, D = width of a state.</remarks>
internal static class RtDetr
{
    public static Architecture Architecture { get; } = new("rt_detr", "PekingU/rtdetr_r50vd",
        [new("RTDetrForObjectDetection", ModelTask.ObjectDetection, (graph, json, weights) => ObjectDetection(graph, json, weights, AttendFirst(json)))]);

    public static Architecture V2 { get; } = new("rt_detr_v2", "PekingU/rtdetr_v2_r50vd",
        [new("RTDetrV2ForObjectDetection", ModelTask.ObjectDetection, (graph, json, weights) => ObjectDetection(graph, json, weights, AttendSecond(json)))]);

    /// <summary>Looks from queries, [B, Q, D], around boxes, [B, Q, 4], by the module of a layer.</summary>
    internal delegate Value Attention(Value query, Value memory, MapLevels levels, Value boxes, Weights weights);

    // Defaults are those of the original class: files leave out what equals them.
    internal sealed record Config(ModelConfig Json)
    {
        public int EncoderWidth { get; } = Json.Int("encoder_hidden_dim", 256, minimum: 4) is var width && width % 4 == 0 ? width : throw Json.Invalid("encoder_hidden_dim", "a multiple of 4 was expected");
        public int EncoderLayers { get; } = Json.LayerCount("encoder_layers", 1);
        public int EncoderHeads { get; } = Json.Int("encoder_attention_heads", 8, minimum: 1);
        public IReadOnlyList<int> EncodedMaps { get; } = Json.Ints("encode_proj_layers", 2);
        public string EncoderActivation { get; } = Json.Text("encoder_activation_function", "gelu");
        public float Temperature { get; } = Json.Float("positional_encoding_temperature", 10_000);
        public string Activation { get; } = Json.Text("activation_function", "silu");
        public bool NormalizesBefore { get; } = Json.Bool("normalize_before", false);
        public float BatchNormEpsilon { get; } = Json.Float("batch_norm_eps", 1e-5f);
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public int Levels { get; } = Json.LayerCount("num_feature_levels", 3);
        public int Queries { get; } = Json.Int("num_queries", 300, minimum: 1);
        public int DecoderLayers { get; } = Json.LayerCount("decoder_layers", 6);
        public int DecoderHeads { get; } = Json.Int("decoder_attention_heads", 8, minimum: 1);
        public string DecoderActivation { get; } = Json.Text("decoder_activation_function", "relu");
        public bool LearnsQueries { get; } = Json.Bool("learn_initial_query", false);
    }

    /// <summary>What the decoder starts from.</summary>
    /// <param name="Maps">The encoder's maps: [B, channels, rows, columns].</param>
    /// <param name="Memory">[B, N, D].</param>
    /// <param name="Queries">The states of the best places: [B, Q, D].</param>
    /// <param name="Boxes">What these say of boxes, before the sigmoid: [B, Q, 4].</param>
    internal sealed record Proposed(IReadOnlyList<Value> Maps, MapLevels Levels, Value Memory, Value Queries, Value Boxes);

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights, Attention attend)
    {
        var (config, body) = (new Config(json), weights.Body("model"));
        // Files may hold the decoder's heads under its name, above it, or both.
        var heads = body.Has("decoder.class_embed") ? body["decoder"] : weights;
        weights.Ignore("class_embed", "bbox_embed"); // heads of earlier layers act in training only
        var maps = Encode(Project(Backbone.Maps(graph, json, body["backbone.model"]), body["encoder_input_proj"]), config, body["encoder"]);
        var proposed = Propose(maps, config, body);
        var (x, boxes, decoder) = (proposed.Queries, proposed.Boxes.Sigmoid(), body["decoder"]);
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            var (layer, positions) = (decoder[$"layers.{i}"], boxes.Predict(decoder["query_pos_head"]));
            var asking = x + positions;
            x = (x + asking.CrossAttention(asking, x, mask: null, layer["self_attn"], config.DecoderHeads)).LayerNorm(layer["self_attn_layer_norm"], config.Epsilon);
            x = (x + attend(x + positions, proposed.Memory, proposed.Levels, boxes, layer["encoder_attn"])).LayerNorm(layer["encoder_attn_layer_norm"], config.Epsilon);
            x = (x + x.Perceptron(layer["fc1"], layer["fc2"], config.DecoderActivation)).LayerNorm(layer["final_layer_norm"], config.Epsilon);
            boxes = (x.Predict(heads[$"bbox_embed.{i}"]) + boxes.InverseSigmoid()).Sigmoid();
        }
        decoder.Ignore("class_embed");
        var outputs = new Outputs
        {
            { "logits", x.Linear(heads[$"class_embed.{config.DecoderLayers - 1}"]) }, { "pred_boxes", boxes }, { "last_hidden_state", x },
        };
        for (var i = 0; i < maps.Count; i++)
            outputs.Add($"encoder_last_hidden_state.{i}", maps[i]);
        return outputs;
    }

    // Offsets are shares of half a box, divided by the number of points.
    private static Attention AttendFirst(ModelConfig json)
    {
        var (config, points) = (new Config(json), json.Int("decoder_n_points", 4, minimum: 1));
        return (query, memory, levels, boxes, weights) => query.AttendDeformably(memory, levels, weights, config.DecoderHeads,
            [.. Enumerable.Repeat(points, levels.Sizes.Count)], (offsets, _) => Corner(boxes) + offsets / (float)points * Size(boxes) * 0.5f);
    }

    // The second version states the share, and may take the nearest places.
    private static Attention AttendSecond(ModelConfig json)
    {
        var (config, points) = (new Config(json), json.Int("decoder_n_points", 4, minimum: 1));
        return (query, memory, levels, boxes, weights) =>
        {
            var scales = weights.Get("n_points_scale"); // [levels * points]
            return query.AttendDeformably(memory, levels, weights, config.DecoderHeads, [.. Enumerable.Repeat(points, levels.Sizes.Count)],
                (offsets, level) => Corner(boxes) + offsets * scales.Slice(axis: 0, level * points, (level + 1) * points).Unsqueeze(1) * Size(boxes) * json.Float("decoder_offset_scale", 0.5f),
                Sampling(json));
        };
    }

    /// <summary>How the places between those of a map are read: by decoder_method.</summary>
    internal static Func<Value, Value, Value>? Sampling(ModelConfig json) => json.Text("decoder_method", "default") switch
    {
        "default" => null,
        "discrete" => SampleNearest,
        _ => throw json.Invalid("decoder_method", "default or discrete was expected"),
    };

    internal static Value Corner(Value boxes) => boxes.Slice(axis: 2, 0, 2).Unsqueeze(2, 3);

    internal static Value Size(Value boxes) => boxes.Slice(axis: 2, 2).Unsqueeze(2, 3);

    // Places outside of the map count as those at its border.
    private static Value SampleNearest(Value map, Value places)
    {
        var graph = map.Graph;
        Value At(int coordinate, Dim extent)
        {
            var count = graph.Extent(extent);
            var number = (places.At(axis: 3, coordinate) * count.Cast(ElementType.Float32) + 0.5f).Cast(ElementType.Int64);
            return number.Clip(0, null).Minimum(count - graph.Constant([1L]));
        }
        var number = At(1, map.Dim(2)) * graph.Extent(map.Dim(3)) + At(0, map.Dim(3)); // [B * heads, Q, P]
        var (queries, points) = (number.Dim(1), number.Dim(2));
        var tokens = map.Reshape(map.Dim(0), map.Dim(1), Dim.Rest);
        var index = number.Reshape(number.Dim(0), 1, Dim.Rest);
        return tokens.GatherElements(index.Expand(index.Dim(0), map.Dim(1), index.Dim(2)), axis: 2).Reshape(map.Dim(0), map.Dim(1), queries, points);
    }

    /// <summary>Each map by a convolution and batch normalisation, the modules "0" and "1".</summary>
    internal static IReadOnlyList<Value> Project(IReadOnlyList<Value> maps, Weights weights) =>
        [.. maps.Select((map, i) => map.Convolve(weights[$"{i}.0"]).BatchNorm(weights[$"{i}.1"]))];

    // Attention within the coarsest map, then sums from coarse to fine and back.
    private static List<Value> Encode(IReadOnlyList<Value> given, Config config, Weights weights)
    {
        var maps = AttendWithin(given, config, weights["encoder"]);
        Value Layer(Value x, Weights module, int stride = 1) => Normalized(x, module, config, stride).Apply(config.Activation);
        var last = maps.Count - 1;
        for (var i = 0; i < last; i++)
        {
            var (coarse, fine) = (Layer(maps[last - i], weights[$"lateral_convs.{i}"]), maps[last - i - 1]);
            maps[last - i] = coarse;
            maps[last - i - 1] = Mix(((Value[])[coarse.ResizeNearest(fine.Dim(2), fine.Dim(3)), fine]).Concat(axis: 1), weights[$"fpn_blocks.{i}"], config);
        }
        for (var i = 0; i < last; i++)
            maps[i + 1] = Mix(((Value[])[Layer(maps[i], weights[$"downsample_convs.{i}"], stride: 2), maps[i + 1]]).Concat(axis: 1), weights[$"pan_blocks.{i}"], config);
        return maps;
    }

    /// <summary>A convolution and its batch normalisation, the modules "conv" and "norm".</summary>
    internal static Value Normalized(Value x, Weights module, Config config, int stride = 1) =>
        x.Convolve(module["conv"], stride).BatchNorm(module["norm"], config.BatchNormEpsilon);

    /// <summary>Two branches, one of them with blocks of two convolutions side by side.</summary>
    internal static Value Mix(Value x, Weights module, Config config)
    {
        var branch = Normalized(x, module["conv1"], config).Apply(config.Activation);
        for (var i = 0; module.Has($"bottlenecks.{i}"); i++)
        {
            var block = module[$"bottlenecks.{i}"];
            branch = (Normalized(branch, block["conv1"], config) + Normalized(branch, block["conv2"], config)).Apply(config.Activation);
        }
        x = branch + Normalized(x, module["conv2"], config).Apply(config.Activation);
        return module.Has("conv3") ? Normalized(x, module["conv3"], config).Apply(config.Activation) : x;
    }

    /// <summary>Lets the places of the chosen maps look at each other.</summary>
    internal static List<Value> AttendWithin(IReadOnlyList<Value> given, Config config, Weights weights)
    {
        var maps = given.ToList();
        for (var i = 0; i < config.EncodedMaps.Count; i++)
        {
            var chosen = config.EncodedMaps[i];
            if (chosen < 0 || chosen >= maps.Count)
                throw config.Json.Invalid("encode_proj_layers", $"numbers below {maps.Count} were expected");
            var (map, x) = (maps[chosen], maps[chosen].ToTokens());
            var positions = config.Json.Has("eval_size") ? null : Waves(map, config.EncoderWidth, config.Temperature);
            for (var layer = 0; layer < config.EncoderLayers; layer++)
                x = EncoderLayer(x, positions, weights[$"{i}.layers.{layer}"], config);
            if (config.EncoderLayers > 0)
                maps[chosen] = x.ToMap(map.Dim(2), map.Dim(3));
        }
        return maps;
    }

    private static Value EncoderLayer(Value x, Value? positions, Weights weights, Config config)
    {
        Value Attended(Value of) => (positions is null ? of : of + positions) is var placed ? placed.CrossAttention(placed, of, mask: null, weights["self_attn"], config.EncoderHeads) : of;
        Value FeedForward(Value of) => of.Perceptron(weights["fc1"], weights["fc2"], config.EncoderActivation);
        Value Norm(Value of, string name) => of.LayerNorm(weights[name], config.Epsilon);
        if (!config.NormalizesBefore)
        {
            x = Norm(x + Attended(x), "self_attn_layer_norm");
            return Norm(x + FeedForward(x), "final_layer_norm");
        }
        // The second sum starts from what is normalised.
        x = Norm(x + Attended(Norm(x, "self_attn_layer_norm")), "final_layer_norm");
        return x + FeedForward(x);
    }

    // Sines and cosines of rows, then of columns: [N, D]. Versions before 5 of the library counted the places of maps that are not square in another order.
    private static Value Waves(Value map, int width, float temperature)
    {
        var graph = map.Graph;
        var frequencies = new float[width / 4];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = 1 / MathF.Pow(temperature, (float)i / frequencies.Length);
        var (rows, columns) = (map.Dim(2), map.Dim(3));
        Value Angles(Dim count) => graph.Extent(count).Range(count).Cast(ElementType.Float32).Unsqueeze(1) * graph.Constant(frequencies, 1, frequencies.Length);
        Value Both(Value angles) => ((Value[])[angles.Sin(), angles.Cos()]).Concat(axis: 1);
        return ((Value[])
        [
            Both(Angles(rows)).Unsqueeze(1).Expand(rows, columns, width / 2), Both(Angles(columns)).Unsqueeze(0).Expand(rows, columns, width / 2),
        ]).Concat(axis: 2).Reshape(Dim.Rest, width);
    }

    /// <summary>Chooses the places that the encoder thinks best, with their boxes.</summary>
    internal static Proposed Propose(IReadOnlyList<Value> maps, Config config, Weights body)
    {
        var graph = maps[0].Graph;
        var sources = new List<Value>();
        for (var i = 0; i < config.Levels; i++)
        {
            var projection = body[$"decoder_input_proj.{i}"];
            sources.Add(!projection.Has("0") ? maps[i] // as wide as the decoder already
                : (i < maps.Count ? maps[i].Convolve(projection["0"]) : maps[^1].Convolve(projection["0"], stride: 2)).BatchNorm(projection["1"], config.BatchNormEpsilon));
        }
        var levels = MapLevels.Of(sources);
        var memory = sources.Select(source => source.ToTokens()).ToArray().Concat(axis: 1); // [B, N, D]
        body.Ignore("denoising_class_embed", "anchors", "valid_mask"); // the first acts in training only

        var (logits, inside) = levels.BoxesAround(graph);
        var states = (inside.Cast(ElementType.Float32) * memory).Linear(body["enc_output.0"]).LayerNorm(body["enc_output.1"], config.Epsilon);
        var boxes = states.Predict(body["enc_bbox_head"]) + logits;
        var (_, best) = states.Linear(body["enc_score_head"]).Max(axis: 2).Largest(config.Queries); // [B, Q]
        var queries = config.LearnsQueries ? body.Get("weight_embedding.weight").Unsqueeze(0).Expand(best.Dim(0), best.Dim(1), states.Dim(2)) : states.Rows(best);
        return new Proposed(maps, levels, memory, queries, boxes.Rows(best));
    }
}
