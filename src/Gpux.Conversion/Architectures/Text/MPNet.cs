using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>MPNet: BERT's encoder with T5's relative positions added to the scores of every layer.</summary>
/// <remarks>Source: arXiv:2004.09297; outputs of transformers 4.40 and 5.23, modeling_mpnet.py. B = batch, S = tokens.</remarks>
internal static class MPNet
{
    // The original counts by these whatever config.json says: relative_attention_num_buckets sizes the table alone, and
    // pad_token_id does not move the positions.
    private const int Buckets = 32;
    private const int FurthestDistance = 128;
    private const int PadToken = 1;

    public static Architecture Architecture { get; } = TextEncoder.Family("mpnet", "microsoft/mpnet-base", Encode,
        new("MPNetModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("MPNetForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens().AsLogits()),
        new("MPNetForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new("MPNetForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("MPNetForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("MPNetForMultipleChoice", ModelTask.MultipleChoice,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("mpnet");
        Roberta.IgnoreOtherHeads(weights, body);

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, tokenTypes: 0)
            + inputs.Ids.PositionsBehindPadding(PadToken).Embedding(embeddings["position_embeddings"])).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length) + RelativeScores(inputs, body["encoder.relative_attention_bias"]);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            Value Project(string name) => x.Linear(layer[$"attention.attn.{name}"]).SplitHeads(shape.Heads);
            var context = Project("q").Attend(Project("k"), Project("v"), mask).Linear(layer["attention.attn.o"]);
            x = (context + x).LayerNorm(layer["attention.LayerNorm"], shape.Epsilon);
            x = (x.FeedForward(layer, shape.Activation) + x).LayerNorm(layer["output.LayerNorm"], shape.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // One table for all layers: [1, heads, S, S].
    private static Value RelativeScores(TextInputs inputs, Weights table)
    {
        var buckets = inputs.Ids.Graph.Distances(inputs.Length)
            .ByDistance(FurthestDistance, distance => Positions.Bucket(distance, Buckets, FurthestDistance));
        return buckets.Embedding(table).Transpose(2, 0, 1).Unsqueeze(0);
    }
}
