using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>MobileBERT: BERT's encoder with thin layers between bottlenecks, and several feed-forward networks a layer.</summary>
/// <remarks>Source: arXiv:2004.02984; outputs of transformers 5.23, modeling_mobilebert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class MobileBert
{
    // Where the original does not hand layer_norm_eps on: torch's default.
    private const float DefaultEpsilon = 1e-5f;

    public static Architecture Architecture { get; } = TextEncoder.Family("mobilebert", "google/mobilebert-uncased", Encode,
        new("MobileBertModel", ModelTask.FeatureExtraction, States),
        new("MobileBertForMaskedLM", ModelTask.FillMask, text => PredictTokens(text).AsLogits()),
        new("MobileBertForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", PredictTokens(text) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("MobileBertForNextSentencePrediction", ModelTask.NextSentencePrediction,
            text => Pool(text).Linear(text.Weights["cls.seq_relationship"]).AsLogits()),
        new("MobileBertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("MobileBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("MobileBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("MobileBertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, layers: 24, heads: 4, activation: "relu");

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("mobilebert");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var x = Embed(inputs, json, body["embeddings"]);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
            x = Layer(x, mask, body[$"encoder.layer.{i}"], json, shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Embed(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var words = inputs.Ids.Embedding(weights["word_embeddings"]);
        var joinsNeighbours = json.Bool("trigram_input", true);
        if (joinsNeighbours)
        {
            // Each token stands between its neighbours; outside of the text there are zeros.
            var graph = words.Graph;
            var zeros = graph.Scalar(0, ElementType.Float32).Expand(words.Dim(0), 1, words.Dim(2));
            var next = ((Value[])[words.Slice(axis: 1, 1), zeros]).Concat(axis: 1, inputs.Length);
            var previous = ((Value[])[zeros, words.Slice(axis: 1, 0, -1)]).Concat(axis: 1, inputs.Length);
            words = ((Value[])[next, words, previous]).Concat(axis: 2);
        }
        if (joinsNeighbours || json.Int("embedding_size", 128) != json.Int("hidden_size", 512))
            words = words.Linear(weights["embedding_transformation"]);
        weights.Ignore("embedding_transformation"); // in the file also where nothing is to be transformed
        var types = inputs.Tokens("token_type_ids").Embedding(weights["token_type_embeddings"]);
        return Normalize(words + inputs.Ids.LearnedPositions(weights["position_embeddings"]) + types, weights["LayerNorm"], json, DefaultEpsilon);
    }

    private static Value Layer(Value x, Value mask, Weights weights, ModelConfig json, BertShape shape)
    {
        var hasBottleneck = json.Bool("use_bottleneck", true);
        var thin = hasBottleneck ? Bottleneck("input") : x;
        // What queries and keys are made of, and what values are.
        var (compared, valued) = !hasBottleneck ? (x, x) : json.Bool("use_bottleneck_attention", false) ? (thin, thin)
            : json.Bool("key_query_shared_bottleneck", true) ? (Bottleneck("attention"), x) : (x, x);
        weights.Ignore("bottleneck.attention");
        var attention = weights["attention.self"];
        var context = compared.Linear(attention["query"]).SplitHeads(shape.Heads).Attend(
            compared.Linear(attention["key"]).SplitHeads(shape.Heads), valued.Linear(attention["value"]).SplitHeads(shape.Heads), mask);
        var inner = Add(context, thin, weights["attention.output"], shape.Epsilon);
        for (var i = 0; i < json.LayerCount("num_feedforward_networks", 4) - 1; i++)
            inner = Add(Widen(inner, weights[$"ffn.{i}"]), inner, weights[$"ffn.{i}.output"], shape.Epsilon);
        inner = Add(Widen(inner, weights), inner, weights["output"], DefaultEpsilon);
        return hasBottleneck ? Add(inner, x, weights["output.bottleneck"], shape.Epsilon) : inner;

        Value Bottleneck(string name) => Normalize(x.Linear(weights[$"bottleneck.{name}.dense"]), weights[$"bottleneck.{name}.LayerNorm"], json, shape.Epsilon);
        Value Widen(Value y, Weights network) => y.Linear(network["intermediate.dense"]).Apply(shape.Activation);
        Value Add(Value y, Value residual, Weights output, float epsilon) => Normalize(y.Linear(output["dense"]) + residual, output["LayerNorm"], json, epsilon);
    }

    private static Value Normalize(Value x, Weights weights, ModelConfig json, float epsilon) => json.Text("normalization_type", "no_norm") switch
    {
        "layer_norm" => x.LayerNorm(weights, epsilon),
        "no_norm" => x * weights.Get("weight") + weights.Get("bias"),
        _ => throw json.Invalid("normalization_type", "layer_norm or no_norm was expected"),
    };

    private static Outputs States(EncodedText text)
    {
        var outputs = new Outputs { { "last_hidden_state", text.Hidden } };
        if (!IsPoolerProjected(text.Json) || text.Body.Has("pooler"))
            outputs.Add("pooler_output", Pool(text));
        return outputs;
    }

    private static bool IsPoolerProjected(ModelConfig json) => json.Bool("classifier_activation", true);

    private static Value Pool(EncodedText text) =>
        IsPoolerProjected(text.Json) ? text.Hidden.Pool(text.Body["pooler.dense"]) : text.Hidden.FirstToken();

    // The table of embeddings is narrower than the states: a second matrix, [H - width, vocabulary], scores the rest of them.
    private static Value PredictTokens(EncodedText text)
    {
        var (head, shape) = (text.Weights["cls.predictions"], Shape(text.Json));
        var transformed = text.Hidden.Transform(head["transform"], shape.Activation, shape.Epsilon);
        var table = head.Has("decoder.weight") ? head.Get("decoder.weight") : text.Body["embeddings.word_embeddings"].Get("weight");
        var (width, all) = (table.Dim(1).Size!.Value, transformed.Dim(2).Size!.Value); // weights have known extents
        var bias = head.Find("decoder.bias") ?? head.Get("bias");
        if (width == all)
            return transformed.Linear(table, bias);
        var parts = transformed.Split(axis: 2, width, all - width);
        return parts[0].Linear(table, bias) + parts[1].LinearInOut(head["dense"]);
    }
}
