using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>MarkupLM: BERT's encoder of a document's words, told by XPath where each stands in its tree.</summary>
/// <remarks>Source: arXiv:2110.08518; outputs of transformers 5.23, modeling_markuplm.py. B = batch, S = tokens, H = hidden size.
/// xpath_tags_seq and xpath_subs_seq are int64 [B, S, max_depth]: the tags from the root to the token, and which of its kind each is; -1 for none.</remarks>
internal static class MarkupLM
{
    // What max_depth may be: the graph has nodes for each level.
    private const int DeepestTree = 1024;

    public static Architecture Architecture { get; } = TextEncoder.Family("markuplm", "microsoft/markuplm-base", Encode,
        new("MarkupLMModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("MarkupLMForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.Pool(text.Body["pooler.dense"]).Linear(text.Weights["classifier"]).AsLogits()),
        new("MarkupLMForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("MarkupLMForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("markuplm");
        weights.Ignore("cls", "classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var embeddings = body["embeddings"];
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2))
            + inputs.Ids.PositionsBehindPadding(json.Int("pad_token_id", 0)).Embedding(embeddings["position_embeddings"])
            + EmbedPaths(inputs, json, embeddings["xpath_embeddings"]);
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    // [B, S, H], from a vector for each level, side by side.
    private static Value EmbedPaths(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var depth = json.Int("max_depth", 50, minimum: 1) is <= DeepestTree and var levels ? levels
            : throw json.Invalid("max_depth", $"at most {DeepestTree} was expected");
        weights.Ignore("xpath_unitseq2_embeddings"); // not used by the original
        Value Levels(string input, string tables, int pad)
        {
            var (path, graph) = (inputs.Tokens(input, width: depth), inputs.Ids.Graph);
            path = (path < graph.Constant(0L)).Where(graph.Constant(pad), path);
            return ((Value[])[.. Enumerable.Range(0, depth).Select(i => path.At(axis: 2, i).Embedding(weights[$"{tables}.{i}"]))]).Concat(axis: 2);
        }
        return (Levels("xpath_tags_seq", "xpath_tag_sub_embeddings", json.Int("tag_pad_id", 216))
                + Levels("xpath_subs_seq", "xpath_subs_sub_embeddings", json.Int("subs_pad_id", 1001)))
            .Linear(weights["xpath_unitseq2_inner"]).Relu().Linear(weights["inner2emb"]);
    }
}
