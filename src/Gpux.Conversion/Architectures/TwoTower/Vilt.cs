using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>ViLT: one transformer over the tokens of a text and the patches of an image.</summary>
/// <remarks>Source: arXiv:2102.03334; outputs of transformers 5.23, modeling_vilt.py. B = pairs, S = tokens, N = patches, H = hidden size.
/// The original leaves out the patches of padding; here they stay, and nothing sees them.</remarks>
internal static class Vilt
{
    public static Architecture Architecture { get; } = new("vilt", "dandelin/vilt-b32-finetuned-vqa",
    [
        new("ViltModel", ModelTask.FeatureExtraction, Model),
        new("ViltForQuestionAnswering", ModelTask.VisualQuestionAnswering, QuestionAnswering),
        new("ViltForImageAndTextRetrieval", ModelTask.ImageTextRetrieval, Retrieval),
        new("ViltForMaskedLM", ModelTask.FillMask, MaskedLM),
        new("ViltForTokenClassification", ModelTask.TokenClassification, TokenClassification),
    ]);

    private sealed record Encoded(Value Hidden, TextInputs Text, Weights Body, float Epsilon);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        if (weights.Has("vilt"))
            weights.Ignore("classifier", "rank_output", "itm_score", "mlm_score");
        var encoded = Encode(graph, json, weights.Body("vilt"));
        return encoded.Hidden.AsStates(encoded.Body);
    }

    private static Outputs QuestionAnswering(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var head = weights["classifier"];
        return Pool(Encode(graph, json, weights["vilt"])).Linear(head["0"]).LayerNorm(head["1"], Convolutions.Epsilon).Gelu().Linear(head["3"]).AsLogits();
    }

    private static Outputs Retrieval(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Pool(Encode(graph, json, weights["vilt"])).Linear(weights["rank_output"]).AsLogits();

    private static Outputs MaskedLM(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (encoded, head) = (Encode(graph, json, weights["vilt"]), weights["mlm_score"]);
        return OfText(encoded)
            .Transform(head["transform"], json.Text("hidden_act", "gelu"), encoded.Epsilon)
            .ScoreTokens(head, encoded.Body["embeddings.text_embeddings.word_embeddings"], json).AsLogits();
    }

    private static Outputs TokenClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        OfText(Encode(graph, json, weights["vilt"])).Linear(weights["classifier"]).AsLogits();

    // The states of the tokens of the text, which stand before those of the image: [B, S, H].
    private static Value OfText(Encoded encoded)
    {
        encoded.Body.Ignore("pooler");
        var (graph, length) = (encoded.Hidden.Graph, encoded.Text.Length);
        return encoded.Hidden.Slice(axis: 1, graph.Constant([0L]), graph.Extent(length), length);
    }

    private static Value Pool(Encoded encoded) => encoded.Hidden.Pool(encoded.Body["pooler.dense"]);

    private static Encoded Encode(GraphBuilder graph, ModelConfig json, Weights body)
    {
        if (json.Int("max_image_length", -1, minimum: -1) > 0)
            throw new UnsupportedModelException("This vilt picks patches by chance (max_image_length).", "Set max_image_length to -1, as published models have it.");
        var (text, embeddings, ofText) = (TextInputs.Rows(graph), body["embeddings"], body["embeddings.text_embeddings"]);
        var (epsilon, heads, activation) = (json.Float("layer_norm_eps", 1e-12f), json.Int("num_attention_heads", 12, minimum: 1), json.Text("hidden_act", "gelu"));
        ofText.Ignore("position_ids");
        var kinds = embeddings.Get("token_type_embeddings.weight"); // of text and of images
        var words = (text.EmbedTokens(ofText, json.Int("type_vocab_size", 2)) + text.Ids.LearnedPositions(ofText["position_embeddings"]))
            .LayerNorm(ofText["LayerNorm"], epsilon) + kinds.Slice(axis: 0, 0, 1);
        var (patches, seen) = EmbedImage(graph, json, embeddings);
        var x = ((Value[])[words, patches + kinds.Slice(axis: 0, 1, 2)]).Concat(axis: 1);
        var mask = ((Value[])[text.Attended, seen]).Concat(axis: 1).PaddingMask(x.Dim(1));
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 12); i++)
            x = Layer(x, mask, body[$"encoder.layer.{i}"], heads, activation, epsilon);
        return new Encoded(x.LayerNorm(body["layernorm"], epsilon), text, body, epsilon);
    }

    private static Value Layer(Value x, Value mask, Weights weights, int heads, string activation, float epsilon)
    {
        var normed = x.LayerNorm(weights["layernorm_before"], epsilon);
        Value Heads(string name) => normed.Linear(weights["attention.attention"][name]).SplitHeads(heads);
        x += Heads("query").Attend(Heads("key"), Heads("value"), mask).Linear(weights["attention.output.dense"]);
        return x + x.LayerNorm(weights["layernorm_after"], epsilon).Perceptron(weights["intermediate.dense"], weights["output.dense"], activation);
    }

    // A class token and the patches with positions, [B, 1 + N, H], and which of them are of the image, int64 [B, 1 + N].
    private static (Value Patches, Value Seen) EmbedImage(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var map = graph.Pixels(json.Channels()).Project(weights["patch_embeddings.projection"]);
        var seen = graph.PixelMask().ResizeNearest(map.Dim(2), map.Dim(3)); // [B, rows, columns]
        var (size, patch) = (json.Size("image_size", 384), json.Size("patch_size", 32));
        var table = weights.Get("position_embeddings");
        var width = table.Dim(2);
        var (rows, columns) = (size.Height / patch.Height, size.Width / patch.Width);
        var positions = Fit(table.Slice(axis: 1, 1).Reshape(rows, columns, width), seen, rows, columns);
        var first = (weights.Get("cls_token") + table.Slice(axis: 1, 0, 1)).Expand(map.Dim(0), 1, width);
        return (((Value[])[first, map.ToTokens() + positions]).Concat(axis: 1),
            ((Value[])[graph.Constant(1L).Expand(map.Dim(0), 1), seen.Reshape(map.Dim(0), Dim.Rest)]).Concat(axis: 1));
    }

    // The table of positions stretched (bilinear, corners aligned) to the rows and columns of each image: [B, N, H]. Beyond them it means nothing.
    private static Value Fit(Value table, Value seen, int rows, int columns)
    {
        var graph = seen.Graph;
        Value Shares(Value count, int places, Dim extent) // count [B, 1] of the image; [B, extent, places]
        {
            var last = (count - graph.Constant(1L)).Clip(1, null).Cast(ElementType.Float32);
            var at = graph.Extent(extent).Range(extent).Cast(ElementType.Float32).Unsqueeze(0) * (graph.Scalar(places - 1, ElementType.Float32) / last);
            var numbers = new float[places];
            for (var i = 0; i < places; i++)
                numbers[i] = i;
            return (1f - (at.Unsqueeze(2) - graph.Constant(numbers, 1, 1, places)).Abs()).Clip(0, null);
        }
        var (ofRows, ofColumns) = (Shares(seen.At(axis: 2, 0).Sum(axis: 1, keep: true), rows, seen.Dim(1)), Shares(seen.At(axis: 1, 0).Sum(axis: 1, keep: true), columns, seen.Dim(2)));
        var shares = ofRows.Unsqueeze(2, 4) * ofColumns.Unsqueeze(1, 3); // [B, rows, columns, rows of the table, columns of the table]
        return shares.Reshape(seen.Dim(0), Dim.Rest, (long)rows * columns).MatMul(table.Reshape((long)rows * columns, table.Dim(2)));
    }
}
