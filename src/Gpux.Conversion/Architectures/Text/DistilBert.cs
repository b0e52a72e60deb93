using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>DistilBERT: BERT's encoder without token types and without a pooler.</summary>
/// <remarks>Source: arXiv:1910.01108; outputs of transformers 4.40 and 5.23, modeling_distilbert.py.</remarks>
internal static class DistilBert
{
    // The class has no field for it.
    private const float Epsilon = 1e-12f;

    public static Architecture Architecture { get; } = TextEncoder.Family("distilbert", "distilbert/distilbert-base-uncased", Encode,
        new("DistilBertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("DistilBertForMaskedLM", ModelTask.FillMask, PredictTokens),
        new("DistilBertForSequenceClassification", ModelTask.TextClassification, text => Classify(text).AsLogits()),
        new("DistilBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("DistilBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("DistilBertForMultipleChoice", ModelTask.MultipleChoice, text => Classify(text).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var heads = json.Int("n_heads", 12, minimum: 1);
        var activation = json.Text("activation", "gelu");
        var body = weights.Body("distilbert");
        weights.Ignore("vocab_transform", "vocab_layer_norm", "vocab_projector", "pre_classifier", "classifier", "qa_outputs");
        body.Ignore("embeddings.position_ids");

        var embeddings = body["embeddings"];
        // Sinusoids (sinusoidal_pos_embds) are stored, and read as learned positions are.
        var x = (inputs.EmbedTokens(embeddings, tokenTypes: 0) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < json.LayerCount("n_layers", 6); i++)
        {
            var layer = body[$"transformer.layer.{i}"];
            Value Project(string name) => x.Linear(layer[$"attention.{name}"]).SplitHeads(heads);
            var context = Project("q_lin").Attend(Project("k_lin"), Project("v_lin"), mask).Linear(layer["attention.out_lin"]);
            x = (context + x).LayerNorm(layer["sa_layer_norm"], Epsilon);
            x = (x.Linear(layer["ffn.lin1"]).Apply(activation).Linear(layer["ffn.lin2"]) + x).LayerNorm(layer["output_layer_norm"], Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    private static Value Classify(EncodedText text) =>
        text.Hidden.FirstToken().Linear(text.Weights["pre_classifier"]).Relu().Linear(text.Weights["classifier"]);

    private static Outputs PredictTokens(EncodedText text) => text.Hidden.Linear(text.Weights["vocab_transform"])
        .Apply(text.Json.Text("activation", "gelu")).LayerNorm(text.Weights["vocab_layer_norm"], Epsilon)
        .ScoreTokens(text.Weights, text.Body["embeddings.word_embeddings"], text.Json, decoder: "vocab_projector").AsLogits();
}
