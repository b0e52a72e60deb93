using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>ConvBERT: BERT's encoder in which half of each attention is a convolution whose kernel follows from the token.</summary>
/// <remarks>Source: arXiv:2008.02496; outputs of transformers 5.23, modeling_convbert.py. B = batch, S = tokens, H = hidden size,
/// C = width of the attention, and of the convolution, K = kernel size.</remarks>
internal static class ConvBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("convbert", "YituTech/conv-bert-base", Encode,
        new("ConvBertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("ConvBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("ConvBertForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"], BertShape.Of(text.Json).Activation).AsLogits()),
        new("ConvBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("ConvBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("ConvBertForMultipleChoice", ModelTask.MultipleChoice,
            text => text.Summarize(type: "last", isProjected: false, activation: null).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        // Where there are fewer heads than the ratio, one is left.
        var heads = Math.Max(shape.Heads / json.Int("head_ratio", 2, minimum: 1), 1);
        var (groups, size) = (json.Int("num_groups", 1, minimum: 1), json.DepthwiseSize("conv_kernel_size", 9));
        var body = weights.Body("convbert");
        weights.Ignore("generator_predictions", "generator_lm_head", "discriminator_predictions", "sequence_summary", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        if (json.Int("embedding_size", 768) != json.Int("hidden_size", 768))
            x = x.Linear(body["embeddings_project"]);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var context = Mix(x, mask, layer["attention.self"], heads, size);
            x = (context.Linear(layer["attention.output.dense"]) + x).LayerNorm(layer["attention.output.LayerNorm"], shape.Epsilon);
            var inner = Project(x, layer["intermediate.dense"], groups).Apply(shape.Activation);
            x = (Project(inner, layer["output.dense"], groups) + x).LayerNorm(layer["output.LayerNorm"], shape.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // Attention and convolution side by side: [B, S, 2 C].
    private static Value Mix(Value x, Value mask, Weights weights, int heads, int size)
    {
        var query = x.Linear(weights["query"]); // [B, S, C]
        var attended = query.SplitHeads(heads).Attend(x.Linear(weights["key"]).SplitHeads(heads), x.Linear(weights["value"]).SplitHeads(heads), mask);

        var separable = weights["key_conv_attn_layer"];
        var around = x.Transpose(0, 2, 1).DepthwiseConvolution(separable["depthwise"], size, padding: (size / 2, size / 2)).Transpose(0, 2, 1)
            .Linear(separable["pointwise"].Pointwise("weight"), separable.Get("bias").Squeeze(1));
        var kernels = (around * query).Linear(weights["conv_kernel_layer"]);
        if (!kernels.Dim(2).MayEqual(heads * size))
            throw new GraphException("Reshape", $"{kernels} does not hold {heads} kernels of {size}.");
        kernels = kernels.Reshape(Dim.Same, Dim.Same, heads, size).Softmax(-1); // [B, S, heads, K]
        return ((Value[])[attended, Convolve(x.Linear(weights["conv_out_layer"]), kernels)]).Concat(axis: 2);
    }

    // Convolves each token's surroundings with the token's own kernel, one for all channels of a head: [B, S, C].
    private static Value Convolve(Value x, Value kernels)
    {
        var graph = x.Graph;
        var (length, heads, size) = (kernels.Dim(1), kernels.Dim(2), kernels.Dim(3).Size!.Value); // stated by the configuration
        var padded = x.PadZeros(graph.Constant([size / 2, size / 2]), 1);
        Value? sum = null;
        for (var i = 0L; i < size; i++)
        {
            var shifted = padded.Slice(axis: 1, graph.Constant([i]), graph.Extent(length) + graph.Constant([i]), length)
                .Reshape(Dim.Same, Dim.Same, heads, Dim.Rest); // [B, S, heads, D]
            var share = shifted * kernels.Slice(axis: 3, i, i + 1);
            sum = sum is null ? share : sum + share;
        }
        return sum!.Reshape(Dim.Same, Dim.Same, x.Dim(2)); // a kernel has at least one place
    }

    // A projection; in groups, each group of inputs makes a group of outputs, by a weight of [groups, in / groups, out / groups].
    private static Value Project(Value x, Weights weights, int groups) => groups == 1 ? x.Linear(weights)
        : x.SplitHeads(groups).MatMul(weights.Get("weight")).JoinHeads() + weights.Get("bias");

    // The activation is gelu, whatever the layers have.
    private static Outputs PredictTokens(EncodedText text) => text.Hidden
        .Transform(text.Weights["generator_predictions"], "gelu", BertShape.Of(text.Json).Epsilon)
        .ScoreTokens(text.Weights, text.Body["embeddings.word_embeddings"], text.Json, decoder: "generator_lm_head").AsLogits();
}
