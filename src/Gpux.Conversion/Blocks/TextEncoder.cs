using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>A text that a family's body has encoded, for its heads.</summary>
/// <param name="Hidden">The last hidden state: float [B, S, H].</param>
/// <param name="Body">The module of the body's weights.</param>
/// <param name="Weights">The module above it, where heads are.</param>
internal sealed record EncodedText(Value Hidden, TextInputs Inputs, ModelConfig Json, Weights Body, Weights Weights);

/// <summary>A class of a family of text encoders: what it makes of the encoded text.</summary>
internal sealed record TextHead(string ClassName, string Task, Func<EncodedText, Outputs> Build);

/// <summary>Families whose classes differ by their heads alone.</summary>
internal static class TextEncoder
{
    /// <param name="encode">Builds the body.</param>
    public static Architecture Family(string modelType, string example, Func<TextInputs, ModelConfig, Weights, EncodedText> encode,
        params TextHead[] heads) =>
        new(modelType, example, [.. heads.Select(head => new Head(head.ClassName, head.Task, (graph, json, weights) =>
        {
            // Projections that lack some heads could be cut into heads of the wrong size.
            if (json.IsObject("pruned_heads") && json.Section("pruned_heads").Names.Any())
                throw new UnsupportedModelException($"This {json.ModelType} has layers without some of their heads (pruned_heads in config.json).",
                    "Take the model from which no heads were taken.");
            return head.Build(encode(head.Task == ModelTask.MultipleChoice ? TextInputs.Choices(graph) : TextInputs.Rows(graph), json, weights));
        }))]);
}
