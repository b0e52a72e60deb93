using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Longformer: RoBERTa's encoder in which a token sees a window around it and the global tokens, and these see all.</summary>
/// <remarks>Source: arXiv:2004.05150; outputs of transformers 5.23, modeling_longformer.py. B = batch, S = tokens, H = hidden size.
/// global_attention_mask is int64 [B, S]: 1 for global tokens. Scores of all pairs are computed, and masked: equal to the original's
/// blocks, at a memory that grows with the square of the length.</remarks>
internal static class Longformer
{
    public static Architecture Architecture { get; } = new("longformer", "allenai/longformer-base-4096",
    [
        .. TextEncoder.Family("longformer", "", (inputs, json, weights) => Encode(inputs, json, weights, inputs.Tokens("global_attention_mask")),
            new("LongformerModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
            new("LongformerForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens().AsLogits()),
            new("LongformerForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits())).Heads,
        .. TextEncoder.Family("longformer", "", (inputs, json, weights) => Encode(inputs, json, weights, FirstToken(inputs)),
            new TextHead("LongformerForSequenceClassification", ModelTask.TextClassification,
                text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits())).Heads,
        .. TextEncoder.Family("longformer", "", (inputs, json, weights) => Encode(inputs, json, weights, Question(inputs, json)),
            new TextHead("LongformerForQuestionAnswering", ModelTask.QuestionAnswering,
                text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan())).Heads,
        .. TextEncoder.Family("longformer", "", (inputs, json, weights) => Encode(inputs, json, weights, Answer(inputs, json)),
            new TextHead("LongformerForMultipleChoice", ModelTask.MultipleChoice,
                text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsChoices())).Heads,
    ]);

    /// <param name="global">int64 [B, S].</param>
    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights, Value global)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("longformer");
        Roberta.IgnoreOtherHeads(weights, body);
        var windows = Windows(json, shape.Layers);

        var graph = inputs.Ids.Graph;
        var (zero, masked) = (graph.Scalar(0, ElementType.Float32), graph.Scalar(SelfAttention.Masked, ElementType.Float32));
        var attended = inputs.Attended.EqualTo(1).Unsqueeze(1, 2); // [B, 1, 1, S]
        var isGlobal = global.EqualTo(1) & inputs.Attended.EqualTo(1); // [B, S]
        var distances = graph.Distances(inputs.Length).Abs();
        var everyToken = inputs.Attended.PaddingMask(inputs.Length);
        var x = Roberta.Embed(inputs, json, body["embeddings"], shape);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var attention = layer["attention.self"];
            Value Heads(string name) => x.Linear(attention[name]).SplitHeads(shape.Heads);
            var near = distances <= graph.Constant(windows[i] / 2); // [S, S]
            var seen = (near | isGlobal.Unsqueeze(1, 2)) & attended; // [B, 1, S, S]
            var local = Heads("query").Attend(Heads("key"), Heads("value"), seen.Where(zero, masked));
            var whole = Heads("query_global").Attend(Heads("key_global"), Heads("value_global"), everyToken);
            x = isGlobal.Unsqueeze(2).Where(whole, local).BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // attention_window is one width for all layers, or one for each.
    private static IReadOnlyList<int> Windows(ModelConfig json, int layers)
    {
        var windows = json.IsList("attention_window") ? json.Ints("attention_window") : [.. Enumerable.Repeat(json.Int("attention_window", 512, minimum: 2), layers)];
        return windows.Count == layers && windows.All(window => window > 0 && window % 2 == 0) ? windows
            : throw json.Invalid("attention_window", "an even width, or one for each layer, was expected");
    }

    private static Value FirstToken(TextInputs inputs) => inputs.Ids.Graph.Extent(inputs.Length).Range(inputs.Length)
        .EqualTo(0).Cast(ElementType.Int64).Unsqueeze(0).Expand(inputs.Ids.Dim(0), inputs.Length);

    // The tokens before the first separator.
    private static Value Question(TextInputs inputs, ModelConfig json) => (Numbers(inputs) < FirstSeparator(inputs, json)).Cast(ElementType.Int64);

    // The tokens behind the two separators that follow the question.
    private static Value Answer(TextInputs inputs, ModelConfig json) =>
        (Numbers(inputs) > FirstSeparator(inputs, json) + inputs.Ids.Graph.Constant(1L)).Cast(ElementType.Int64);

    private static Value Numbers(TextInputs inputs) => inputs.Ids.Graph.Extent(inputs.Length).Range(inputs.Length).Unsqueeze(0); // [1, S]

    // [B, 1].
    private static Value FirstSeparator(TextInputs inputs, ModelConfig json) =>
        inputs.Ids.EqualTo(json.Int("sep_token_id", 2)).Cast(ElementType.Int64).ArgMax(axis: 1, keep: true);
}
