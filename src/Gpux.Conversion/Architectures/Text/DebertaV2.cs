using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>DeBERTa of the second and third generation: relative positions in buckets, projections shared with contents, and a
/// convolution beside the first layer of the largest models.</summary>
/// <remarks>Source: arXiv:2111.09543; outputs of transformers 5.23, modeling_deberta_v2.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class DebertaV2
{
    public static Architecture Architecture { get; } = TextEncoder.Family("deberta-v2", "microsoft/deberta-v3-base", Encode,
    [
        .. DisentangledAttention.DebertaHeads("DebertaV2"),
        new("DebertaV2ForMultipleChoice", ModelTask.MultipleChoice,
            text => DisentangledAttention.Pool(text).Linear(text.Weights["classifier"]).AsChoices()),
    ]);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, epsilon: 1e-7f);
        var body = weights.Body("deberta");
        weights.Ignore("cls", "lm_predictions", "mask_predictions", "pooler", "classifier", "qa_outputs");

        var x = inputs.EmbedDeberta(json, body["embeddings"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        var positions = BucketedPositions.Of(json);
        var (table, rows) = positions.RelativePositions(inputs.Ids.Graph, inputs.Length, body["encoder"], shape.Epsilon);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var output = x.BucketedSelfAttention(mask, table, rows, layer["attention.self"], positions, shape.Heads).BertOutputs(x, layer, shape);
            x = i == 0 && json.Int("conv_kernel_size", 0) > 0 ? Convolve(x, output, inputs, json, body["encoder.conv"], shape) : output;
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // A convolution over tokens of what the first layer was given, added to what it gives; padding stays zero.
    private static Value Convolve(Value x, Value output, TextInputs inputs, ModelConfig json, Weights weights, BertShape shape)
    {
        var (kernel, seen) = (weights["conv"].Get("weight").Unsqueeze(2), inputs.Attended.Cast(ElementType.Float32).Unsqueeze(2)); // [B, S, 1]
        var padding = (json.Int("conv_kernel_size") - 1) / 2;
        var convolved = x.Transpose(0, 2, 1).Unsqueeze(2) // [B, H, 1, S]
            .Conv2D(kernel, weights["conv"].Get("bias"), stride: (1, 1), padding: (0, padding), groups: json.Int("conv_groups", 1, minimum: 1))
            .Squeeze(2).Transpose(0, 2, 1) * seen;
        return (output + convolved.Apply(json.Text("conv_act", "tanh"))).LayerNorm(weights["LayerNorm"], shape.Epsilon) * seen;
    }
}
