using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>DETR: a transformer whose queries become boxes, or masks, of the things in an image.</summary>
/// <remarks>Source: arXiv:2005.12872; outputs of transformers 4.40 and 5.23, modeling_detr.py. B = images, Q = queries, N = places of
/// the last map, D = width of a state.</remarks>
internal static class Detr
{
    private const float Epsilon = 1e-5f;

    public static Architecture Architecture { get; } = new("detr", "facebook/detr-resnet-50",
    [
        new("DetrModel", ModelTask.FeatureExtraction, Model),
        new("DetrForObjectDetection", ModelTask.ObjectDetection, ObjectDetection),
        new("DetrForSegmentation", ModelTask.ImageSegmentation, Segmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    internal sealed record Config(ModelConfig Json)
    {
        public int EncoderLayers { get; } = Json.LayerCount("encoder_layers", 6);
        public int DecoderLayers { get; } = Json.LayerCount("decoder_layers", 6);
        public int EncoderHeads { get; } = Json.Int("encoder_attention_heads", 8, minimum: 1);
        public int DecoderHeads { get; } = Json.Int("decoder_attention_heads", 8, minimum: 1);
        public string Activation { get; } = Json.Text("activation_function", "relu");
        public int Width { get; } = Json.Int("d_model", 256, minimum: 4) is var width && width % 4 == 0 ? width : throw Json.Invalid("d_model", "a multiple of 4 was expected");
    }

    private sealed record Detected(Value Queries, Value Memory, DetrImage Image);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("class_labels_classifier", "bbox_predictor");
        var detected = Detect(graph, json, weights.Body("model"));
        return new Outputs { { "last_hidden_state", detected.Queries }, { "encoder_last_hidden_state", detected.Memory } };
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Boxes(Detect(graph, json, weights["model"]), weights);

    private static Outputs Segmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var detected = Detect(graph, json, weights["detr.model"]);
        var outputs = Boxes(detected, weights["detr"]);
        outputs.Insert(2, ("pred_masks", Masks(detected, weights, new Config(json))));
        return outputs;
    }

    private static Outputs Boxes(Detected detected, Weights weights) => new()
    {
        { "logits", detected.Queries.Linear(weights["class_labels_classifier"]) },
        { "pred_boxes", detected.Queries.Predict(weights["bbox_predictor"]).Sigmoid() },
        { "last_hidden_state", detected.Queries },
        { "encoder_last_hidden_state", detected.Memory },
    };

    private static Detected Detect(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        var image = See(graph, json, body);
        var memory = image.Projected.ToTokens();
        var mask = image.Mask(memory.Dim(1));
        for (var i = 0; i < config.EncoderLayers; i++)
            memory = memory.DetrEncoderLayer(image.Positions, mask, body[$"encoder.layers.{i}"], config.EncoderHeads, config.Activation);
        var queries = body.Get("query_position_embeddings.weight"); // [Q, D]
        var (x, placed) = (graph.ZeroStates(queries.Dim(0).Size!.Value, config.Width), memory + image.Positions); // weights have known extents
        mask = image.Mask(queries.Dim(0));
        for (var i = 0; i < config.DecoderLayers; i++)
            x = x.DetrDecoderLayer(queries, memory, placed, mask, body[$"decoder.layers.{i}"], config.DecoderHeads, config.Activation);
        return new Detected(x.LayerNorm(body["decoder.layernorm"], Epsilon), memory, image);
    }

    /// <summary>The maps of the image, the last one projected, and where its places are.</summary>
    internal static DetrImage See(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Config(json);
        var maps = Backbone.DetrMaps(graph, json, body["backbone.conv_encoder.model"]);
        var map = maps[^1];
        var seen = graph.PixelMask().ResizeNearest(map.Dim(2), map.Dim(3));
        var positions = json.Text("position_embedding_type", "sine") switch
        {
            "sine" => seen.SinePositions(config.Width),
            "learned" => Learned(body["backbone.position_embedding"], map).Expand(map.Dim(0), map.Dim(2), map.Dim(3), config.Width),
            _ => throw json.Invalid("position_embedding_type", "sine or learned was expected"),
        };
        return new DetrImage(maps, map.Convolve(body["input_projection"]), seen, positions.Reshape(map.Dim(0), Dim.Rest, config.Width));
    }

    // Half a state for each column, and half for each row: [rows, columns, D].
    private static Value Learned(Weights weights, Value map)
    {
        var graph = map.Graph;
        Value First(string name, Dim count) => weights[name].Get("weight").Slice(axis: 0, graph.Constant([0L]), graph.Extent(count), count);
        var (columns, rows) = (First("column_embeddings", map.Dim(3)), First("row_embeddings", map.Dim(2)));
        return ((Value[])
        [
            columns.Unsqueeze(0).Expand(map.Dim(2), map.Dim(3), columns.Dim(1)),
            rows.Unsqueeze(1).Expand(map.Dim(2), map.Dim(3), rows.Dim(1)),
        ]).Concat(axis: 2);
    }

    // Where each query looks, refined by the finer maps of the backbone: [B, Q, rows, columns].
    private static Value Masks(Detected detected, Weights weights, Config config)
    {
        var (image, head) = (detected.Image, weights["mask_head"]);
        if (image.Maps.Count < 4)
            throw config.Json.Invalid("backbone_config", "the maps of all four stages were expected for segmentation");
        var (queries, count) = (detected.Queries, detected.Queries.Dim(1));
        var (rows, columns) = (image.Projected.Dim(2), image.Projected.Dim(3));
        Value ForQueries(Value map) => map.Unsqueeze(1).Expand(map.Dim(0), count, map.Dim(1), map.Dim(2), map.Dim(3)).Reshape(Dim.Rest, map.Dim(1), map.Dim(2), map.Dim(3));

        var looks = Looks(detected, weights["bbox_attention"], config.EncoderHeads); // [B, Q, heads, N]
        var x = ((Value[])[ForQueries(image.Projected), looks.Reshape(Dim.Rest, config.EncoderHeads, rows, columns)]).Concat(axis: 1);
        x = Refine(Refine(x, head, 1), head, 2);
        for (var i = 0; i < 3; i++)
        {
            var finer = ForQueries(image.Maps[2 - i].Convolve(head[$"adapter{i + 1}"]));
            x = Refine(finer + x.ResizeNearest(finer.Dim(2), finer.Dim(3)), head, i + 3);
        }
        var masks = x.Convolve(head["out_lay"]);
        return masks.Reshape(queries.Dim(0), count, masks.Dim(2), masks.Dim(3));
    }

    private static Value Refine(Value x, Weights head, int number)
    {
        var map = x.Convolve(head[$"lay{number}"]);
        return map.GroupNorm(head[$"gn{number}"], (int)Math.Min(8, map.Dim(1).Size!.Value)).Relu(); // weights have known extents
    }

    // One softmax over all heads and places of a query.
    private static Value Looks(Detected detected, Weights weights, int heads)
    {
        var (queries, memory, image) = (detected.Queries, detected.Memory, detected.Image);
        var query = queries.Linear(weights["q_linear"]).SplitHeads(heads); // [B, heads, Q, D / heads]
        var key = memory.Linear(weights["k_linear"]).SplitHeads(heads);
        var scores = query.MatMul(key.Transpose(0, 1, 3, 2)) / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
        var seen = image.Seen.Reshape(queries.Dim(0), 1, 1, Dim.Rest).EqualTo(1);
        scores = seen.Where(scores, scores.Graph.Scalar(float.MinValue, ElementType.Float32)).Transpose(0, 2, 1, 3); // [B, Q, heads, N]
        return scores.Reshape(Dim.Same, Dim.Same, Dim.Rest).Softmax(-1).Reshape(scores.Dim(0), scores.Dim(1), scores.Dim(2), scores.Dim(3));
    }
}
