using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Conditional DETR: DETR whose queries look around a point of the image that they learned.</summary>
/// <remarks>Source: arXiv:2108.06152; outputs of transformers 5.23, modeling_conditional_detr.py. B = images, Q = queries, N = places
/// of the last map, D = width of a state.</remarks>
internal static class ConditionalDetr
{
    private const float Epsilon = 1e-5f;

    public static Architecture Architecture { get; } = new("conditional_detr", "microsoft/conditional-detr-resnet-50",
    [
        new("ConditionalDetrModel", ModelTask.FeatureExtraction, Model),
        new("ConditionalDetrForObjectDetection", ModelTask.ObjectDetection, ObjectDetection),
    ]);

    private sealed record Detected(Value Queries, Value Memory, Value Points);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("class_labels_classifier", "bbox_predictor");
        var detected = Detect(graph, json, weights.Body("model"));
        return new Outputs { { "last_hidden_state", detected.Queries }, { "encoder_last_hidden_state", detected.Memory } };
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var detected = Detect(graph, json, weights["model"]);
        // Boxes are told from the points: their middles are.
        var around = detected.Queries.Predict(weights["bbox_predictor"]);
        var middles = around.Slice(axis: 2, 0, 2) + detected.Points.InverseSigmoid();
        return new Outputs
        {
            { "logits", detected.Queries.Linear(weights["class_labels_classifier"]) },
            { "pred_boxes", ((Value[])[middles, around.Slice(axis: 2, 2)]).Concat(axis: 2).Sigmoid() },
            { "last_hidden_state", detected.Queries },
            { "encoder_last_hidden_state", detected.Memory },
        };
    }

    private static Detected Detect(GraphBuilder graph, ModelConfig json, Weights body)
    {
        var config = new Detr.Config(json);
        var image = Detr.See(graph, json, body);
        var memory = image.Projected.ToTokens();
        var mask = image.Mask(memory.Dim(1));
        for (var i = 0; i < config.EncoderLayers; i++)
            memory = memory.DetrEncoderLayer(image.Positions, mask, body[$"encoder.layers.{i}"], config.EncoderHeads, config.Activation);

        var (decoder, queries) = (body["decoder"], body.Get("query_position_embeddings.weight")); // [Q, D]
        var points = queries.Predict(decoder["ref_point_head"]).Sigmoid(); // [Q, 2]
        var angles = points * (2 * MathF.PI);
        var waves = ((Value[])[angles.At(axis: 1, 1).Waves(config.Width / 2), angles.At(axis: 1, 0).Waves(config.Width / 2)]).Concat(axis: 1); // [Q, D]
        var x = graph.ZeroStates(queries.Dim(0).Size!.Value, config.Width); // weights have known extents
        mask = image.Mask(queries.Dim(0));
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            // Each state stretches the waves of its point, but for the first, which knows nothing.
            var around = i == 0 ? waves.Expand(x.Dim(0), x.Dim(1), x.Dim(2)) : waves * x.Predict(decoder["query_scale"]);
            x = Layer(x, queries, around, memory, image.Positions, mask, decoder[$"layers.{i}"], config, isFirst: i == 0);
        }
        return new Detected(x.LayerNorm(decoder["layernorm"], Epsilon), memory, points);
    }

    private static Value Layer(Value x, Value queries, Value around, Value memory, Value positions, Value mask, Weights weights, Detr.Config config, bool isFirst)
    {
        var heads = config.DecoderHeads;
        var query = (x.Linear(weights["sa_qcontent_proj"]) + queries.Linear(weights["sa_qpos_proj"])).SplitHeads(heads);
        var key = (x.Linear(weights["sa_kcontent_proj"]) + queries.Linear(weights["sa_kpos_proj"])).SplitHeads(heads);
        var seen = query.Attend(key, x.Linear(weights["sa_v_proj"]).SplitHeads(heads), mask: null).Linear(weights["self_attn.out_proj"]);
        x = (x + seen).LayerNorm(weights["self_attn_layer_norm"], Epsilon);

        var asked = x.Linear(weights["ca_qcontent_proj"]);
        var offered = memory.Linear(weights["ca_kcontent_proj"]);
        var places = positions.Linear(weights["ca_kpos_proj"]);
        if (isFirst)
            (asked, offered) = (asked + queries.Linear(weights["ca_qpos_proj"]), offered + places);
        // What is there and where it is stand side by side in each head.
        Value Both(Value what, Value where) => ((Value[])[what.SplitHeads(heads), where.SplitHeads(heads)]).Concat(axis: 3);
        var found = Both(asked, around.Linear(weights["ca_qpos_sine_proj"]))
            .Attend(Both(offered, places), memory.Linear(weights["ca_v_proj"]).SplitHeads(heads), mask).Linear(weights["encoder_attn.out_proj"]);
        return (x + found).LayerNorm(weights["encoder_attn_layer_norm"], Epsilon).DetrFeedForward(weights, config.Activation);
    }
}
