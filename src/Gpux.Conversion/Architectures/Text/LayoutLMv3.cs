using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>LayoutLMv3: one encoder of a page's words, told where each stands, and of the patches of its image.</summary>
/// <remarks>Source: arXiv:2204.08387; outputs of transformers 5.23, modeling_layoutlmv3.py. B = batch, S = tokens, V = 1 + patches,
/// T = S + V, H = hidden size. bbox is int64 [B, S, 4]: left, top, right and bottom, 0 to 1000.</remarks>
internal static class LayoutLMv3
{
    // Boxes of patches go up to here, as those of words do.
    private const int BoxExtent = 1000;

    public static Architecture Architecture { get; } = TextEncoder.Family("layoutlmv3", "microsoft/layoutlmv3-base", Encode,
        new("LayoutLMv3Model", ModelTask.FeatureExtraction, text => new() { { "last_hidden_state", text.Hidden } }),
        new("LayoutLMv3ForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new("LayoutLMv3ForTokenClassification", ModelTask.TokenClassification, text => Classify(TextPart(text), text.Weights["classifier"]).AsLogits()),
        new("LayoutLMv3ForQuestionAnswering", ModelTask.QuestionAnswering, text => Classify(TextPart(text), text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json, epsilon: 1e-5f);
        var body = weights.Body("layoutlmv3");
        weights.Ignore("classifier", "qa_outputs"); // heads of other classes
        body.Ignore("embeddings.position_ids");

        var graph = inputs.Ids.Graph;
        var boxes = inputs.Tokens("bbox", width: 4);
        var (x, attended) = (EmbedText(inputs, boxes, json, body["embeddings"], shape), inputs.Attended);
        var positions = graph.Extent(inputs.Length).Range(inputs.Length); // [T], each part counted from 0
        if (json.Bool("visual_embed", true))
        {
            var (side, patch) = (json.Int("input_size", 224, minimum: 1), json.Int("patch_size", 16, minimum: 1));
            var patches = EmbedImage(graph, json, side, patch, body);
            var count = (int)patches.Dim(1).Size!.Value; // of a fixed size
            var batch = inputs.Ids.Dim(0);
            x = ((Value[])[x, patches]).Concat(axis: 1).LayerNorm(body["LayerNorm"], shape.Epsilon);
            attended = ((Value[])[attended, graph.Constant(1L).Expand(batch, count)]).Concat(axis: 1);
            boxes = ((Value[])[boxes, PatchBoxes(graph, side / patch).Expand(batch, count, 4)]).Concat(axis: 1);
            positions = ((Value[])[positions, graph.Constant(count).Unsqueeze(0).Range(count)]).Concat(axis: 0);
        }
        var mask = attended.PaddingMask(attended.Dim(1));
        if (RelativeScores(positions, boxes, json, body["encoder"]) is { } scores)
            mask += scores / MathF.Sqrt(x.Dim(2).Size!.Value / shape.Heads); // projections have known widths
        return new EncodedText(x.BertLayers(mask, body["encoder"], shape), inputs, json, body, weights);
    }

    private static Value EmbedText(TextInputs inputs, Value boxes, ModelConfig json, Weights weights, BertShape shape)
    {
        Value Side(int number) => boxes.At(axis: 2, number);
        Value Place(Value coordinate, string axis) => coordinate.Embedding(weights[$"{axis}_position_embeddings"]);
        Value Extent(int from, int to) => (Side(to) - Side(from)).Clip(0, 1023);
        var layout = ((Value[])[
            Place(Side(0), "x"), Place(Side(1), "y"), Place(Side(2), "x"), Place(Side(3), "y"), Place(Extent(1, 3), "h"), Place(Extent(0, 2), "w"),
        ]).Concat(axis: 2); // [B, S, H]
        var positions = inputs.Ids.PositionsBehindPadding(json.Int("pad_token_id", 1)).Embedding(weights["position_embeddings"]);
        return (inputs.EmbedTokens(weights, json.Int("type_vocab_size", 2)) + positions + layout).LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    // [B, V, H].
    private static Value EmbedImage(GraphBuilder graph, ModelConfig json, int side, int patch, Weights body)
    {
        var image = graph.Input("pixel_values", ElementType.Float32, "batch_size", json.Int("num_channels", 3, minimum: 1), side, side);
        var projection = body["patch_embed.proj"];
        var patches = image.Conv2D(projection.Get("weight"), projection.Get("bias"), stride: (patch, patch), padding: (0, 0)); // [B, H, rows, columns]
        var states = patches.Reshape(Dim.Same, patches.Dim(1), patches.Dim(2) * patches.Dim(3)).Transpose(0, 2, 1);
        var first = body.Get("cls_token").Expand("batch_size", 1, states.Dim(2));
        var all = ((Value[])[first, states]).Concat(axis: 1);
        return (all + body.Get("pos_embed")).LayerNorm(body["norm"], 1e-6f); // the original gives this norm its own epsilon
    }

    // The first box is that of the whole image: [1, V, 4].
    private static Value PatchBoxes(GraphBuilder graph, int perSide)
    {
        var boxes = new List<long> { 1, 1, BoxExtent - 1, BoxExtent - 1 };
        long Edge(int number) => (long)BoxExtent * number / perSide;
        for (var row = 0; row < perSide; row++)
            for (var column = 0; column < perSide; column++)
                boxes.AddRange([Edge(column), Edge(row), Edge(column + 1), Edge(row + 1)]);
        return graph.Constant([.. boxes]).Reshape(1, boxes.Count / 4, 4);
    }

    // By distance in the order of reading, and by distance on the page: [1 or B, heads, T, T]. Distances on the page act only
    // together with the others.
    private static Value? RelativeScores(Value positions, Value boxes, ModelConfig json, Weights encoder)
    {
        if (!json.Bool("has_relative_attention_bias", true))
        {
            encoder.Ignore("rel_pos_bias", "rel_pos_x_bias", "rel_pos_y_bias");
            return null;
        }
        var scores = Scores(positions.Unsqueeze(0), "rel_pos_bias", "rel_pos_bins", 32, "max_rel_pos", 128);
        if (json.Bool("has_spatial_attention_bias", true))
            scores = scores + Scores(boxes.At(axis: 2, 0), "rel_pos_x_bias", "rel_2d_pos_bins", 64, "max_rel_2d_pos", 256)
                + Scores(boxes.At(axis: 2, 3), "rel_pos_y_bias", "rel_2d_pos_bins", 64, "max_rel_2d_pos", 256);
        else
            encoder.Ignore("rel_pos_x_bias", "rel_pos_y_bias");
        return scores;

        // Of coordinates [1 or B, T].
        Value Scores(Value coordinates, string table, string bins, int absentBins, string furthest, int absentFurthest)
        {
            var (buckets, reach) = (json.Int(bins, absentBins, minimum: 4), json.Reach(furthest, absentFurthest));
            var distances = coordinates.Unsqueeze(2) - coordinates.Unsqueeze(1); // query less key
            var numbers = distances.ByDistance(reach, distance => Positions.Bucket(distance, buckets, reach));
            return encoder[table].Get("weight").Gather(numbers, axis: 1).Transpose(1, 0, 2, 3); // the table is [heads, buckets]
        }
    }

    // The states of words: [B, S, H].
    private static Value TextPart(EncodedText text)
    {
        var graph = text.Hidden.Graph;
        return text.Hidden.Slice(axis: 1, graph.Constant([0L]), graph.Extent(text.Inputs.Length), text.Inputs.Length);
    }

    // A projection or, of the question's head and of ten labels or more, two.
    private static Value Classify(Value states, Weights head) =>
        head.Has("dense") ? states.Linear(head["dense"]).Tanh().Linear(head["out_proj"]) : states.Linear(head);
}
