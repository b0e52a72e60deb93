using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>BigBird: BERT's encoder, whose tokens see, in long texts, blocks of tokens around theirs and the first and last block.</summary>
/// <remarks>Source: arXiv:2007.14062; outputs of transformers 5.23, modeling_big_bird.py, where the blocks that training picks at random
/// are the first. B = batch, S = tokens, H = hidden size. Scores of all pairs are computed, and masked: equal to the original's blocks,
/// at a memory that grows with the square of the length.</remarks>
internal static class BigBird
{
    // Taken from the scores of the question's tokens, which are no answer.
    private const float QuestionPenalty = 1e6f;

    public static Architecture Architecture { get; } = new("big_bird", "google/bigbird-roberta-base",
    [
        .. TextEncoder.Family("big_bird", "", (inputs, json, weights) => Encode(inputs, json, weights, inputs.Tokens("token_type_ids")), Heads).Heads,
        .. TextEncoder.Family("big_bird", "", (inputs, json, weights) => Encode(inputs, json, weights, TypesOfAnswer(inputs, json)),
            new TextHead("BigBirdForQuestionAnswering", ModelTask.QuestionAnswering, FindAnswer)).Heads,
    ]);

    private static TextHead[] Heads =>
    [
        new("BigBirdModel", ModelTask.FeatureExtraction, States),
        new("BigBirdForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(Shape(text.Json)).AsLogits()),
        new("BigBirdForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", text.PredictBertTokens(Shape(text.Json)) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("BigBirdForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"], Shape(text.Json).Activation).AsLogits()),
        new("BigBirdForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("BigBirdForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()),
    ];

    // position_embedding_type has no effect: positions are absolute.
    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, activation: "gelu_new") with { Positions = "absolute" };

    /// <param name="types">int64 [B, S].</param>
    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights, Value types)
    {
        var shape = Shape(json);
        var body = weights.Body("bert");
        weights.Ignore("cls", "classifier", "qa_classifier"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var words = inputs.Ids.Embedding(embeddings["word_embeddings"]);
        if (json.Bool("rescale_embeddings", false))
            words *= MathF.Sqrt(words.Dim(2).Size!.Value); // tables have known widths
        var x = (words + types.Embedding(embeddings["token_type_embeddings"])
            + inputs.Ids.LearnedPositions(embeddings["position_embeddings"])).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var (mask, kept) = json.Text("attention_type", "block_sparse") switch
        {
            "original_full" => (inputs.Attended.PaddingMask(inputs.Length), null),
            "block_sparse" => Sparse(inputs, json),
            _ => throw json.Invalid("attention_type", "original_full or block_sparse was expected"),
        };
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var context = x.BertAttention(mask, layer["attention.self"], shape);
            x = (kept is null ? context : context * kept).BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // What is added to scores, [B, 1, S, S], and what the attention's results are multiplied by, [B, S, 1]: padding sees nothing.
    // Texts that the blocks would not make shorter are attended to in full.
    private static (Value Mask, Value? Kept) Sparse(TextInputs inputs, ModelConfig json)
    {
        var graph = inputs.Ids.Graph;
        var (size, random) = (json.Int("block_size", 64, minimum: 1), json.Int("num_random_blocks", 3));
        var length = graph.Extent(inputs.Length);
        var isShort = length <= graph.Constant((5 + 2L * random) * size); // [1]
        var blocks = length.Range(inputs.Length) / graph.Constant((long)size);
        var last = (length - graph.Constant([1L])) / graph.Constant((long)size);
        var (isFirst, isEnd) = (blocks.EqualTo(0), blocks.EqualTo(0) | blocks.EqualTo(last)); // [S]
        var (queries, keys) = (blocks.Unsqueeze(1), blocks.Unsqueeze(0));
        var isNear = (queries - keys).Abs() <= graph.Constant(1L); // [S, S]
        var attended = inputs.Attended.EqualTo(1);

        var seen = (isNear | isEnd.Unsqueeze(1) | isEnd.Unsqueeze(0) | isShort) & attended.Unsqueeze(1, 2);
        // The blocks in place of random ones are the first once more each: as if its scores were larger by a logarithm.
        var isRepeated = isFirst.Unsqueeze(0) & !(isEnd.Unsqueeze(1) | isShort);
        var (zero, repeated) = (graph.Scalar(0, ElementType.Float32), graph.Scalar(Math.Log(1 + random), ElementType.Float32));
        var mask = seen.Where(isRepeated.Where(repeated, zero), graph.Scalar(SelfAttention.Masked, ElementType.Float32));
        return (mask, (attended | isShort).Cast(ElementType.Float32).Unsqueeze(2));
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler"]);

    private static Outputs States(EncodedText text)
    {
        var outputs = new Outputs { { "last_hidden_state", text.Hidden } };
        if (text.Body.Has("pooler"))
            outputs.Add("pooler_output", Pool(text));
        return outputs;
    }

    // Tokenizers of this family make no types, and the original then gives what follows the question the type 1: all zeros count as
    // left out.
    private static Value TypesOfAnswer(TextInputs inputs, ModelConfig json)
    {
        var types = inputs.Tokens("token_type_ids");
        var (numbers, end) = Question(inputs, json);
        return types.Max(axis: 1).Max(axis: 0).EqualTo(0).Where((numbers > end).Cast(ElementType.Int64), types);
    }

    // The numbers of tokens, [1, S], and of the separator up to which the question reaches, [B, 1].
    private static (Value Numbers, Value End) Question(TextInputs inputs, ModelConfig json) =>
        (inputs.Ids.Graph.Extent(inputs.Length).Range(inputs.Length).Unsqueeze(0),
            inputs.Ids.EqualTo(json.Int("sep_token_id", 66)).Cast(ElementType.Int64).ArgMax(axis: 1, keep: true));

    // The question's first token stands for no answer.
    private static Outputs FindAnswer(EncodedText text)
    {
        var (head, shape) = (text.Weights["qa_classifier"], Shape(text.Json));
        var (numbers, end) = Question(text.Inputs, text.Json);
        var isQuestion = numbers <= end & numbers > text.Hidden.Graph.Constant(0L);
        var x = (text.Hidden.FeedForward(head, shape.Activation) + text.Hidden).LayerNorm(head["output.LayerNorm"], shape.Epsilon);
        return (x.Linear(head["qa_outputs"]) - isQuestion.Cast(ElementType.Float32).Unsqueeze(2) * QuestionPenalty).AsSpan();
    }
}
