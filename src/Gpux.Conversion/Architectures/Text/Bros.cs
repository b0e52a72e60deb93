using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>BROS: BERT's encoder of a page's words, whose attention knows where words stand to each other.</summary>
/// <remarks>Source: arXiv:2108.04539; outputs of transformers 5.23, modeling_bros.py. B = batch, S = tokens, H = hidden size, D = size of a
/// head. bbox is float [B, S, 4]: left, top, right and bottom as shares of the page, 0 to 1.</remarks>
internal static class Bros
{
    // The corners of a box as coordinates, clockwise from the upper left: x is at even places, y at odd ones.
    private static readonly long[] Corners = [0, 1, 2, 1, 2, 3, 0, 3];

    public static Architecture Architecture { get; } = TextEncoder.Family("bros", "jinho8345/bros-base-uncased", Encode,
        new("BrosModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("BrosForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("BrosSpadeEEForTokenClassification", ModelTask.TokenClassification, FindEntities),
        new("BrosSpadeELForTokenClassification", ModelTask.TokenClassification,
            text => ScoreRelations(text.Hidden, text.Weights["entity_linker"], text.Json).AsLogits()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        if (!shape.HasAbsolutePositions)
            throw new UnsupportedModelException($"This BROS has positions of type '{shape.Positions}'.", "Absolute positions are built.");
        var body = weights.Body("bros");
        weights.Ignore("classifier", "initial_token_classifier", "subsequent_token_classifier", "entity_linker"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids", "bbox_embeddings.bbox_sinusoid_emb"); // the wavelengths are computed

        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var places = EmbedPlaces(inputs.Tokens("bbox", width: 4, ElementType.Float32), json, x.Dim(2).Size!.Value) // tables have known widths
            .Linear(body["bbox_embeddings.bbox_projection"]).Transpose(0, 1, 3, 2); // [B, S, D, S]
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var attention = layer["attention.self"];
            Value Heads(string name) => x.Linear(attention[name]).SplitHeads(shape.Heads);
            var query = Heads("query");
            var scores = query.Transpose(0, 2, 1, 3).MatMul(places).Transpose(0, 2, 1, 3) // [B, heads, S, S]
                / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
            x = query.Attend(Heads("key"), Heads("value"), scores + mask).BertOutputs(x, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // Sines and cosines of how far each corner of each key's box is from that of the query's: [B, S, S, H / 4].
    private static Value EmbedPlaces(Value boxes, ModelConfig json, long hiddenSize)
    {
        var graph = boxes.Graph;
        var coordinates = json.Int("dim_bbox", Corners.Length, minimum: 1) is var count && count <= Corners.Length ? count
            : throw json.Invalid("dim_bbox", $"at most {Corners.Length} coordinates were expected");
        var width = hiddenSize / 4 / coordinates; // of a coordinate
        var frequencies = new float[(width + 1) / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = 1 / MathF.Pow(10_000, 2f * i / width);

        var corners = boxes.Gather(graph.Constant(Corners.AsSpan(0, coordinates)), axis: 2) * json.Float("bbox_scale", 100);
        var distances = corners.Unsqueeze(1) - corners.Unsqueeze(2); // [B, queries, keys, coordinates]
        var angles = distances.Unsqueeze(4) * graph.Constant(frequencies, frequencies.Length);
        return ((Value[])[angles.Sin(), angles.Cos()]).Concat(axis: 4).Reshape(Dim.Same, Dim.Same, Dim.Same, Dim.Rest);
    }

    // What each token is, and which token goes on from it: none where that is the last place.
    private static Outputs FindEntities(EncodedText text)
    {
        var (graph, x, first) = (text.Hidden.Graph, text.Hidden, text.Weights["initial_token_classifier"]);
        var scores = ScoreRelations(x, text.Weights["subsequent_token_classifier"], text.Json);
        var (length, one) = (graph.Extent(text.Inputs.Length), graph.Constant([1L]));
        var (tokens, places) = (length.Range(text.Inputs.Length), (length + one).Range(Dim.Unknown)); // [S], [S + 1]
        var isPadding = ((Value[])[text.Inputs.Attended.EqualTo(0), graph.Constant(0L).EqualTo(1).Expand(x.Dim(0), 1)]).Concat(axis: 1); // [B, S + 1]
        var isOut = isPadding.Unsqueeze(1) | tokens.Unsqueeze(1).EqualTo(places.Unsqueeze(0)); // nor a token from itself
        return new Outputs
        {
            { "initial_token_logits", x.Linear(first["1"]).Linear(first["3"]) },
            { "subsequent_token_logits", isOut.Where(graph.Scalar(SelfAttention.Masked, ElementType.Float32), scores) },
        };
    }

    // Of each token with each, and with none: [B, S, S + 1]; [relations, B, S, S + 1] where there are several.
    private static Value ScoreRelations(Value x, Weights weights, ModelConfig json)
    {
        var (relations, none) = (json.Int("n_relations", 1, minimum: 1), weights.Get("dummy_node"));
        var keys = ((Value[])[x, none.Unsqueeze(0).Expand(x.Dim(0), 1, x.Dim(2))]).Concat(axis: 1, Dim.Unknown);
        var (query, key) = (x.Linear(weights["query"]).SplitHeads(relations), keys.Linear(weights["key"]).SplitHeads(relations));
        var scores = query.MatMul(key.Transpose(0, 1, 3, 2)); // [B, relations, S, S + 1]
        return relations == 1 ? scores.Squeeze(1) : scores.Transpose(1, 0, 2, 3);
    }
}
