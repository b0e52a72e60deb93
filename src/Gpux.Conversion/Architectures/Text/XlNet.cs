using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>XLNet: an encoder with Transformer-XL's relative positions, and scores for whether two tokens are of one segment.</summary>
/// <remarks>Source: arXiv:1906.08237; outputs of transformers 5.23, modeling_xlnet.py, without memories and without targets of its own.
/// B = batch, S = tokens, H = hidden size, D = size of a head.</remarks>
internal static class XlNet
{
    // What the original adds to scores of tokens that must not be seen.
    private const float Masked = -1e30f;

    public static Architecture Architecture { get; } = TextEncoder.Family("xlnet", "xlnet/xlnet-base-cased", Encode,
        new("XLNetModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("XLNetForSequenceClassification", ModelTask.TextClassification, text => Summarize(text).AsLogits()),
        new("XLNetForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("XLNetForQuestionAnsweringSimple", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("XLNetForMultipleChoice", ModelTask.MultipleChoice, text => Summarize(text).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        if (json.Bool("bi_data", false))
            throw new UnsupportedModelException("This XLNet reads half of each batch backwards (bi_data in config.json).", "Models without bi_data are built.");
        var (heads, activation) = (json.Int("n_head", 16, minimum: 1), json.Text("ff_activation", "gelu"));
        var epsilon = json.Float("layer_norm_eps", 1e-12f);
        var body = weights.Body("transformer");
        // Heads of other classes.
        weights.Ignore("lm_loss", "sequence_summary", "logits_proj", "classifier", "qa_outputs", "start_logits", "end_logits", "answer_class");
        body.Ignore("mask_emb"); // stands for targets

        var x = inputs.Ids.Embedding(body["word_embedding"]);
        var types = inputs.Tokens("token_type_ids");
        var isOther = !types.Unsqueeze(2).EqualTo(types.Unsqueeze(1)).Unsqueeze(1); // [B, 1, S, S]
        var mask = Mask(inputs, json);
        var width = x.Dim(2).Size!.Value; // tables have known widths
        var distances = EmbedDistances(inputs, json, width); // [2 S - 1, H]
        for (var i = 0; i < json.LayerCount("n_layer", 24); i++)
        {
            var (attention, inner) = (body[$"layer.{i}.rel_attn"], body[$"layer.{i}.ff"]);
            Value Heads(string name) => x.MatMul(attention.Matrix(name)).SplitHeads(heads);
            var query = Heads("q");
            var context = query.AttendRelative(Heads("k"), Heads("v"), distances.MatMul(attention.Matrix("r")),
                attention.Get("r_w_bias"), attention.Get("r_r_bias"), SegmentScores(query, isOther, attention) + mask);
            x = (context.Linear(attention.Matrix("o"), bias: null) + x).LayerNorm(attention["layer_norm"], epsilon);
            x = (x.Linear(inner["layer_1"]).Apply(activation).Linear(inner["layer_2"]) + x).LayerNorm(inner["layer_norm"], epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // Of one segment, or of two, scaled as the other scores: [B, heads, S, S].
    private static Value SegmentScores(Value query, Value isOther, Weights weights)
    {
        var scores = (query + weights.Get("r_s_bias").Unsqueeze(1)).Einsum("bnid,snd->bnis", weights.Get("seg_embed"))
            / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
        var (same, other) = (scores.Slice(axis: 3, 0, 1), scores.Slice(axis: 3, 1, 2)); // [B, heads, S, 1]
        return isOther.Where(other, same);
    }

    // A token sees itself even where it is padding: [B, 1, S, S].
    private static Value Mask(TextInputs inputs, ModelConfig json)
    {
        var graph = inputs.Ids.Graph;
        var distances = graph.Distances(inputs.Length);
        var itself = distances.EqualTo(0);
        var attended = inputs.Attended.EqualTo(1).Unsqueeze(1, 2); // [B, 1, 1, S]
        var seen = json.Text("attn_type", "bi") switch
        {
            "bi" => attended | itself,
            // With same_length and nothing remembered, no token but itself is left.
            "uni" when json.Bool("same_length", false) => itself,
            "uni" => attended & distances >= graph.Constant(0L) | itself,
            _ => throw json.Invalid("attn_type", "bi or uni was expected"),
        };
        return seen.Where(graph.Scalar(0, ElementType.Float32), graph.Scalar(Masked, ElementType.Float32));
    }

    // Sines, then cosines, of the distances S - 1 down to -(S - 1).
    private static Value EmbedDistances(TextInputs inputs, ModelConfig json, long width)
    {
        var graph = inputs.Ids.Graph;
        var frequencies = new float[(width + 1) / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = 1 / MathF.Pow(10_000, 2f * i / width);
        var (length, one) = (graph.Extent(inputs.Length), graph.Constant([1L]));
        var distances = length - one - (length + length - one).Range(Dim.Unknown);
        if (json.Has("clamp_len") && json.Number("clamp_len", -1) is > 0 and var furthest)
            distances = distances.Clip(-furthest, furthest);
        var angles = distances.Cast(ElementType.Float32).Unsqueeze(1) * graph.Constant(frequencies, 1, frequencies.Length);
        return ((Value[])[angles.Sin(), angles.Cos()]).Concat(axis: 1);
    }

    private static Value Summarize(EncodedText text) =>
        text.Summarize(type: "last", isProjected: true, activation: "tanh").Linear(text.Weights["logits_proj"]);
}
