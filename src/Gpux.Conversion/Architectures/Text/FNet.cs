using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>FNet: BERT's encoder with a Fourier transform in place of attention. There is no mask: padding changes every output.</summary>
/// <remarks>Source: arXiv:2105.03824; outputs of transformers 5.23, modeling_fnet.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class FNet
{
    public static Architecture Architecture { get; } = TextEncoder.Family("fnet", "google/fnet-base", Encode,
        new("FNetModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("FNetForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(Shape(text.Json)).AsLogits()),
        new("FNetForPreTraining", ModelTask.PreTraining, text => new Outputs
        {
            { "prediction_logits", text.PredictBertTokens(Shape(text.Json)) },
            { "seq_relationship_logits", Pool(text).Linear(text.Weights["cls.seq_relationship"]) },
        }),
        new("FNetForNextSentencePrediction", ModelTask.NextSentencePrediction,
            text => Pool(text).Linear(text.Weights["cls.seq_relationship"]).AsLogits()),
        new("FNetForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("FNetForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("FNetForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("FNetForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static BertShape Shape(ModelConfig json) => BertShape.Of(json, activation: "gelu_new");

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = Shape(json);
        var body = weights.Body("fnet");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 4)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon).Linear(embeddings["projection"]);
        var (alongTokens, alongStates) = (Waves(x.Graph, inputs.Length), Waves(x.Graph, x.Dim(2)));
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            // The real part of the transform along both axes.
            var mixed = alongTokens.Cosines.MatMul(x).MatMul(alongStates.Cosines) - alongTokens.Sines.MatMul(x).MatMul(alongStates.Sines);
            x = (mixed + x).LayerNorm(layer["fourier.output.LayerNorm"], shape.Epsilon);
            x = (x.FeedForward(layer, shape.Activation) + x).LayerNorm(layer["output.LayerNorm"], shape.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // The matrices of the discrete Fourier transform of so many elements: cos and sin of 2 pi i j / N, [N, N].
    private static (Value Cosines, Value Sines) Waves(GraphBuilder graph, Dim count)
    {
        var total = graph.Extent(count);
        var numbers = total.Range(count);
        var products = numbers.Unsqueeze(1) * numbers.Unsqueeze(0);
        var turns = products - products / total * total; // what is left of whole turns, while it is a whole number
        var angles = turns.Cast(ElementType.Float32) * MathF.Tau / total.Cast(ElementType.Float32);
        return (angles.Cos(), angles.Sin());
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
