using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Nyströmformer: BERT's encoder whose attention goes by way of landmarks, the means of segments of the text, beside a
/// convolution over values.</summary>
/// <remarks>Source: arXiv:2102.03902; outputs of transformers 4.40 and 5.23, modeling_nystromformer.py. B = batch, S = tokens, L = landmarks,
/// H = hidden size, D = size of a head. With fewer landmarks than segment_means_seq_len the original takes texts of that length alone.</remarks>
internal static class Nystromformer
{
    // The original's positions begin at 2, as those of fairseq's models do, but count padding too.
    private const int FirstPosition = 2;
    private const int InverseIterations = 6;
    private const int MostLandmarks = 1024; // the graph holds a matrix of their square

    public static Architecture Architecture { get; } = TextEncoder.Family("nystromformer", "uw-madison/nystromformer-512", Encode,
        new("NystromformerModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("NystromformerForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(Shape(text.Json)).AsLogits()),
        new("NystromformerForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"], Shape(text.Json).Activation).AsLogits()),
        new("NystromformerForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("NystromformerForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("NystromformerForMultipleChoice", ModelTask.MultipleChoice, text => text.Hidden.FirstToken()
            .Linear(text.Weights["pre_classifier"]).Relu().Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, activation: "gelu_new", epsilon: 1e-5f);

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        if (!shape.HasAbsolutePositions)
            throw new UnsupportedModelException($"This Nyströmformer has positions of type '{shape.Positions}'.", "Absolute positions are built.");
        if (json.Bool("inv_coeff_init_option", false))
            throw json.Invalid("inv_coeff_init_option", "false was expected, since the original fails on any other");
        var body = weights.Body("nystromformer");
        weights.Ignore("cls", "pre_classifier", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("embeddings.position_ids");

        var embeddings = body["embeddings"];
        var graph = inputs.Ids.Graph;
        var positions = graph.Extent(inputs.Length).Range(inputs.Length) + graph.Constant(FirstPosition);
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + positions.Embedding(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            x = Attention(x, inputs, mask, layer["attention.self"], json, shape).BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Attention(Value x, TextInputs inputs, Value mask, Weights weights, ModelConfig json, BertShape shape)
    {
        Value Heads(string name) => x.Linear(weights[name]).SplitHeads(shape.Heads);
        var (query, key, value) = (Heads("query"), Heads("key"), Heads("value"));
        var (landmarks, length) = (json.Int("num_landmarks", 64, minimum: 1), json.Int("segment_means_seq_len", 64, minimum: 1));
        var context = landmarks == length ? query.Attend(key, value, mask) : ByLandmarks(query, key, value, inputs, landmarks, length, json);
        if (!weights.Has("conv"))
            return context;
        var kernel = weights["conv"].Get("weight"); // [heads, 1, width, 1]
        var padding = ((int)kernel.Dim(2).Size!.Value - 1) / 2; // weights have known extents
        return context + value.Conv2D(kernel, bias: null, stride: (1, 1), padding: (padding, 0), groups: shape.Heads).JoinHeads();
    }

    // softmax(Q K'^T) softmax(Q' K'^T)^+ softmax(Q' K^T) V, where Q' and K' are landmarks.
    private static Value ByLandmarks(Value query, Value key, Value value, TextInputs inputs, int landmarks, int length, ModelConfig json)
    {
        if (length % landmarks != 0 || landmarks > MostLandmarks)
            throw json.Invalid("num_landmarks", $"a divisor of segment_means_seq_len ({length}), at most {MostLandmarks}, was expected");
        var scale = 1 / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
        Value Landmarks(Value states) => states.Reshape(Dim.Same, Dim.Same, landmarks, length / landmarks, states.Dim(3)).Mean(axis: 3);
        Value Compare(Value left, Value right) => left.MatMul(right.Transpose(0, 1, 3, 2)) * scale;
        var (ofQuery, ofKey) = (Landmarks(query), Landmarks(key));
        // For each landmark the mask of one row of queries.
        var padding = ((1f - inputs.Attended.Cast(ElementType.Float32)) * SelfAttention.Masked).Unsqueeze(1, 2);
        var left = Compare(query, ofKey).Softmax(-1); // [B, heads, S, L]
        var middle = PseudoInverse(Compare(ofQuery, ofKey).Softmax(-1), landmarks); // [B, heads, L, L]
        var right = (Compare(ofQuery, key) + padding).Softmax(-1); // [B, heads, L, S]
        return left.MatMul(middle).MatMul(right.MatMul(value)).JoinHeads();
    }

    // Razavi and others' iteration, which needs no decomposition (arXiv:2102.03902, equation 12).
    private static Value PseudoInverse(Value matrix, int size)
    {
        var ones = new float[size * size];
        for (var i = 0; i < size; i++)
            ones[i * size + i] = 1;
        var identity = matrix.Graph.Constant(ones, size, size);
        // The original divides by one number for the whole batch, so that a text's outputs depend on its neighbours.
        var largest = matrix.Sum(axis: 2).Max(axis: 2).Max(axis: 1).Max(axis: 0);
        var inverse = matrix.Transpose(0, 1, 3, 2) / largest;
        for (var i = 0; i < InverseIterations; i++)
        {
            var product = matrix.MatMul(inverse);
            var inner = identity * 7f - product;
            inner = identity * 15f - product.MatMul(inner);
            inner = identity * 13f - product.MatMul(inner);
            inverse = (inverse * 0.25f).MatMul(inner);
        }
        return inverse;
    }
}
