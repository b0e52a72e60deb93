using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>SqueezeBERT: BERT's encoder whose projections are convolutions in groups of channels.</summary>
/// <remarks>Source: arXiv:2006.11316; outputs of transformers 5.23, modeling_squeezebert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class SqueezeBert
{
    // layer_norm_eps of config.json is that of the embeddings alone.
    private const float LayerEpsilon = 1e-12f;

    public static Architecture Architecture { get; } = TextEncoder.Family("squeezebert", "squeezebert/squeezebert-uncased", Encode,
        new("SqueezeBertModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("SqueezeBertForMaskedLM", ModelTask.FillMask, text => text.PredictBertTokens(BertShape.Of(text.Json)).AsLogits()),
        new("SqueezeBertForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
        new("SqueezeBertForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("SqueezeBertForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
        new("SqueezeBertForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("transformer");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layers.{i}"];
            Value Project(string name, string groups) => Convolve(x, layer["attention"][name], Groups(groups, 4)).SplitHeads(shape.Heads);
            var context = Project("query", "q_groups").Attend(Project("key", "k_groups"), Project("value", "v_groups"), mask);
            x = (Convolve(context, layer["post_attention.conv1d"], Groups("post_attention_groups", 1)) + x)
                .LayerNorm(layer["post_attention.layernorm"], LayerEpsilon);
            var inner = Convolve(x, layer["intermediate.conv1d"], Groups("intermediate_groups", 4)).Apply(shape.Activation);
            x = (Convolve(inner, layer["output.conv1d"], Groups("output_groups", 4)) + x).LayerNorm(layer["output.layernorm"], LayerEpsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);

        int Groups(string name, int absent) => json.Int(name, absent, minimum: 1);
    }

    // A convolution of width 1: the weight is [out, in / groups, 1]. In one group it is a projection.
    private static Value Convolve(Value x, Weights weights, int groups)
    {
        var (kernel, bias) = (weights.Get("weight"), weights.Get("bias"));
        if (groups == 1)
            return x.Linear(kernel.Squeeze(2), bias);
        return x.Transpose(0, 2, 1).Unsqueeze(2).Conv2D(kernel.Unsqueeze(2), bias, stride: (1, 1), padding: (0, 0), groups).Squeeze(2).Transpose(0, 2, 1);
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
