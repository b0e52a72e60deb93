using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Table Transformer: DETR with normalisation before each sub-layer, trained on tables.</summary>
/// <remarks>Source: arXiv:2110.00061; outputs of transformers 5.23, modeling_table_transformer.py.</remarks>
internal static class TableTransformer
{
    private const float Epsilon = 1e-5f;

    public static Architecture Architecture { get; } = new("table-transformer", "microsoft/table-transformer-detection",
    [
        new("TableTransformerModel", ModelTask.FeatureExtraction, Model),
        new("TableTransformerForObjectDetection", ModelTask.ObjectDetection, ObjectDetection),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("class_labels_classifier", "bbox_predictor");
        var (queries, memory) = Detect(graph, json, weights.Body("model"));
        return new Outputs { { "last_hidden_state", queries }, { "encoder_last_hidden_state", memory } };
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (queries, memory) = Detect(graph, json, weights["model"]);
        return new Outputs
        {
            { "logits", queries.Linear(weights["class_labels_classifier"]) },
            { "pred_boxes", queries.Predict(weights["bbox_predictor"]).Sigmoid() },
            { "last_hidden_state", queries },
            { "encoder_last_hidden_state", memory },
        };
    }

    private static (Value Queries, Value Memory) Detect(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Detr.Config(json);
        var image = Detr.See(graph, json, body);
        var memory = image.Projected.ToTokens();
        var mask = image.Mask(memory.Dim(1));
        for (var i = 0; i < config.EncoderLayers; i++)
        {
            var layer = body[$"encoder.layers.{i}"];
            var normed = memory.LayerNorm(layer["self_attn_layer_norm"], Epsilon);
            var placed = normed + image.Positions;
            memory += placed.CrossAttention(placed, normed, mask, layer["self_attn"], config.EncoderHeads);
            memory += FeedForward(memory, layer, config);
        }
        memory = memory.LayerNorm(body["encoder.layernorm"], Epsilon);

        var queries = body.Get("query_position_embeddings.weight"); // [Q, D]
        var (x, keys) = (graph.ZeroStates(queries.Dim(0).Size!.Value, config.Width), memory + image.Positions); // weights have known extents
        mask = image.Mask(queries.Dim(0));
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            var layer = body[$"decoder.layers.{i}"];
            var normed = x.LayerNorm(layer["self_attn_layer_norm"], Epsilon);
            x += (normed + queries).CrossAttention(normed + queries, normed, mask: null, layer["self_attn"], config.DecoderHeads);
            x += (x.LayerNorm(layer["encoder_attn_layer_norm"], Epsilon) + queries).CrossAttention(keys, memory, mask, layer["encoder_attn"], config.DecoderHeads);
            x += FeedForward(x, layer, config);
        }
        return (x.LayerNorm(body["decoder.layernorm"], Epsilon), memory);
    }

    private static Value FeedForward(Value x, Weights layer, Detr.Config config) =>
        x.LayerNorm(layer["final_layer_norm"], Epsilon).Perceptron(layer["fc1"], layer["fc2"], config.Activation);
}
