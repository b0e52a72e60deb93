using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>Jina embeddings, third generation: XLM-RoBERTa with rotary positions, without the adapters of its tasks.</summary>
/// <remarks>Source: arXiv:2409.10173; outputs of transformers 5.23, modeling_jina_embeddings_v3.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class JinaEmbeddingsV3
{
    private const float DefaultEpsilon = 1e-5f;

    public static Architecture Architecture { get; } = TextEncoder.Family("jina_embeddings_v3", "jinaai/jina-embeddings-v3", Encode,
        new("JinaEmbeddingsV3Model", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("JinaEmbeddingsV3ForMaskedLM", ModelTask.FillMask, text => text.PredictRobertaTokens(DefaultEpsilon).AsLogits()),
        new("JinaEmbeddingsV3ForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new("JinaEmbeddingsV3ForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("JinaEmbeddingsV3ForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, layers: 24, heads: 16, epsilon: DefaultEpsilon);
        var (theta, stretch) = json.Rotary(json.Float("rotary_emb_base", 20_000));
        var body = weights.Body("roberta", "jina_embeddings_v3");
        weights.Ignore("lm_head", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler");

        var x = inputs.EmbedTokens(body["embeddings"], json.Int("type_vocab_size", 1)).LayerNorm(body["emb_ln"], shape.Epsilon);
        var width = x.Dim(2).Size!.Value; // tables have known widths
        var rotations = x.Graph.Rotations(inputs.Length, (int)width / shape.Heads, theta, stretch);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layers.{i}"];
            var parts = x.Linear(layer["mixer.Wqkv"]).Split(axis: 2, width, width, width);
            var (query, key) = (parts[0].SplitHeads(shape.Heads).Rotate(rotations), parts[1].SplitHeads(shape.Heads).Rotate(rotations));
            x = (query.Attend(key, parts[2].SplitHeads(shape.Heads), mask).Linear(layer["mixer.out_proj"]) + x).LayerNorm(layer["norm1"], shape.Epsilon);
            x = (x.Linear(layer["mlp.fc1"]).Apply(shape.Activation).Linear(layer["mlp.fc2"]) + x).LayerNorm(layer["norm2"], shape.Epsilon);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }
}
