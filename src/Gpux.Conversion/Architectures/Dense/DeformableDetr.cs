using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Deformable DETR: DETR over maps of several resolutions, which looks at a few places around each point.</summary>
/// <remarks>Source: arXiv:2010.04159; outputs of transformers 5.23, modeling_deformable_detr.py. B = images, Q = queries, N = places of
/// all maps, L = maps, D = width of a state.</remarks>
internal static class DeformableDetr
{
    private const float Epsilon = 1e-5f;
    private const int Groups = 32;

    public static Architecture Architecture { get; } = new("deformable_detr", "SenseTime/deformable-detr",
    [
        new("DeformableDetrModel", ModelTask.FeatureExtraction, Model),
        new("DeformableDetrForObjectDetection", ModelTask.ObjectDetection, ObjectDetection),
    ]);

    /// <summary>An image at several resolutions, as tokens.</summary>
    /// <param name="Tokens">[B, N, D].</param>
    /// <param name="Positions">[B, N, D], which also tell the resolution.</param>
    /// <param name="Marks">float [B, N, 1]: 1 for the image, 0 for padding.</param>
    /// <param name="Shares">How much of each level is image, x and y: [B, 1, 2] each.</param>
    internal sealed record Seen(MapLevels Levels, Value Tokens, Value Positions, Value Marks, IReadOnlyList<Value> Shares);

    private sealed record Detected(Value Queries, Value Memory, Value Points);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("class_embed", "bbox_embed");
        var detected = Detect(graph, json, weights.Body("model"), boxes: null);
        return new Outputs { { "last_hidden_state", detected.Queries }, { "encoder_last_hidden_state", detected.Memory } };
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        // Heads of the layers are one where boxes are not refined, and files then hold the first alone.
        var last = new Detr.Config(json).DecoderLayers - 1;
        Weights Head(string name, int layer)
        {
            var heads = weights.Has(name) ? weights[name] : weights[$"model.decoder.{name}"];
            return heads[heads.Has($"{layer}") ? $"{layer}" : "0"];
        }
        weights.Ignore("class_embed", "bbox_embed", "model.decoder.bbox_embed", "model.decoder.class_embed");
        var detected = Detect(graph, json, weights["model"], layer => Head("bbox_embed", layer));
        return new Outputs
        {
            { "logits", detected.Queries.Linear(Head("class_embed", last)) },
            { "pred_boxes", Around(detected.Points, detected.Queries.Predict(Head("bbox_embed", last))) },
            { "last_hidden_state", detected.Queries },
            { "encoder_last_hidden_state", detected.Memory },
        };
    }

    // A box of what is told from a point, or from a box, [B, Q, 2 or 4].
    private static Value Around(Value reference, Value told) => (reference.Dim(2).Size == 4 ? told + reference.InverseSigmoid()
        : ((Value[])[told.Slice(axis: 2, 0, 2) + reference.InverseSigmoid(), told.Slice(axis: 2, 2)]).Concat(axis: 2)).Sigmoid();

    // Points are what the last layer looked around.
    private static Detected Detect(GraphBuilder graph, ModelConfig json, Weights body, Func<int, Weights>? boxes)
    {
        if (json.Bool("two_stage", false))
            throw new UnsupportedModelException("This deformable_detr proposes regions first (two_stage).", "Take one without, such as SenseTime/deformable-detr or its variant with box refinement.");
        var config = new Detr.Config(json);
        if (json.Text("position_embedding_type", "sine") != "sine")
            throw new UnsupportedModelException("This deformable_detr learned its positions.", "Take one with position_embedding_type sine.");
        int[] stages = json.Int("num_feature_levels", 4) > 1 ? [2, 3, 4] : [4];
        var seen = See(Backbone.DetrMaps(graph, json, body["backbone.conv_encoder.model"], stages), json, body["input_proj"], body.Find("level_embed"),
            marks => marks.SinePositions(config.Width, middle: 0.5f));
        int[] Points(string name) => [.. Enumerable.Repeat(json.Int(name, 4, minimum: 1), seen.Levels.Sizes.Count)];

        var (memory, places) = (seen.Tokens, seen.Levels.Middles(graph, seen.Shares));
        for (var i = 0; i < config.EncoderLayers; i++)
            memory = EncoderLayer(memory, seen, places, body[$"encoder.layers.{i}"], config.EncoderHeads, Points("encoder_n_points"), config.Activation);

        var both = body.Get("query_position_embeddings.weight"); // [Q, 2 D]
        var halves = both.Split(axis: 1, config.Width, config.Width);
        Value ForEach(Value of) => of.Unsqueeze(0).Expand("batch_size", of.Dim(0), of.Dim(1));
        var (queries, x) = (halves[0], ForEach(halves[1]));
        var reference = ForEach(queries.Linear(body["reference_points"]).Sigmoid());
        var refined = boxes is not null && json.Bool("with_box_refine", false);
        var looked = reference;
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            var layer = body[$"decoder.layers.{i}"];
            var asking = x + queries;
            x = (x + asking.CrossAttention(asking, x, mask: null, layer["self_attn"], config.DecoderHeads)).LayerNorm(layer["self_attn_layer_norm"], Epsilon);
            looked = reference;
            x = (x + (x + queries).AttendDeformably(memory, seen.Levels, layer["encoder_attn"], config.DecoderHeads, Points("decoder_n_points"),
                (offsets, level) => Locate(offsets, level, looked, seen), seen: seen.Marks)).LayerNorm(layer["encoder_attn_layer_norm"], Epsilon);
            x = x.DetrFeedForward(layer, config.Activation);
            if (refined)
                reference = Around(reference, x.Predict(boxes!(i))); // there are boxes to refine
        }
        return new Detected(x, memory, looked);
    }

    /// <summary>A layer in which places look around themselves.</summary>
    /// <param name="places">The middles of all places: [B, N, 2].</param>
    internal static Value EncoderLayer(Value memory, Seen seen, Value places, Weights layer, int heads, IReadOnlyList<int> points, string activation, float epsilon = Epsilon)
    {
        memory = (memory + (memory + seen.Positions).AttendDeformably(memory, seen.Levels, layer["self_attn"], heads, points,
            (offsets, level) => Locate(offsets, level, places, seen), seen: seen.Marks)).LayerNorm(layer["self_attn_layer_norm"], epsilon);
        return memory.DetrFeedForward(layer, activation, epsilon);
    }

    /// <summary>The places that offsets stand for: so many places around a point, or shares of a box.</summary>
    /// <param name="reference">[B, Q, 2 or 4].</param>
    internal static Value Locate(Value offsets, int level, Value reference, Seen seen)
    {
        var share = seen.Shares[level]; // [B, 1, 2]
        if (reference.Dim(2).Size == 2)
            return (reference * share).Unsqueeze(2, 3) + offsets / seen.Levels.Extent(level);
        var points = offsets.Dim(3).Size!.Value; // of the configuration
        var (middle, size) = (reference.Slice(axis: 2, 0, 2) * share, reference.Slice(axis: 2, 2) * share);
        return middle.Unsqueeze(2, 3) + offsets / (float)points * size.Unsqueeze(2, 3) * 0.5f;
    }

    /// <summary>Projects the maps of a backbone, and makes coarser ones of the last until there are as many as the configuration states.</summary>
    /// <param name="projections">The modules "0", "1" and so on, a convolution and a group normalisation each.</param>
    /// <param name="embeddings">What tells the resolution, [levels, D]; null if nothing does.</param>
    /// <param name="locate">Makes positions, [B, rows, columns, D], of marks of the image, int64 [B, rows, columns].</param>
    internal static Seen See(IReadOnlyList<Value> maps, ModelConfig json, Weights projections, Value? embeddings, Func<Value, Value> locate)
    {
        var graph = maps[0].Graph;
        var levels = json.LayerCount("num_feature_levels", 4);
        if (levels < maps.Count)
            maps = [.. maps.TakeLast(levels)];
        var sources = new List<Value>();
        for (var i = 0; i < levels; i++)
        {
            // Beyond the maps of the backbone each is made of the one before.
            var projection = projections[$"{i}"];
            var map = i < maps.Count ? maps[i].Convolve(projection["0"]) : (i == maps.Count ? maps[^1] : sources[^1]).Convolve(projection["0"], stride: 2);
            sources.Add(map.GroupNorm(projection["1"], Groups));
        }
        var pixelMask = graph.PixelMask();
        List<Value> tokens = [], positions = [], marks = [], shares = [];
        for (var i = 0; i < levels; i++)
        {
            var map = sources[i];
            var mark = pixelMask.ResizeNearest(map.Dim(2), map.Dim(3)); // [B, rows, columns]
            var position = locate(mark).Reshape(map.Dim(0), Dim.Rest, map.Dim(1));
            tokens.Add(map.ToTokens());
            positions.Add(embeddings is null ? position : position + embeddings.At(axis: 0, i));
            marks.Add(mark.Reshape(map.Dim(0), Dim.Rest, 1).Cast(ElementType.Float32));
            Value Share(Value first, Dim extent) => first.Sum(axis: 1, keep: true).Cast(ElementType.Float32) / graph.Extent(extent).Cast(ElementType.Float32);
            shares.Add(((Value[])[Share(mark.At(axis: 1, 0), map.Dim(3)), Share(mark.At(axis: 2, 0), map.Dim(2))]).Concat(axis: 1).Unsqueeze(1));
        }
        return new Seen(MapLevels.Of(sources), tokens.Concat(axis: 1), positions.Concat(axis: 1), marks.Concat(axis: 1), shares);
    }
}
