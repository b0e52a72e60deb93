using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>LiLT: RoBERTa's encoder of a page's words beside a thinner one of their places; each adds to the other's scores.</summary>
/// <remarks>Source: arXiv:2202.13669; outputs of transformers 5.23, modeling_lilt.py. B = batch, S = tokens, H = hidden size.
/// bbox is int64 [B, S, 4]: left, top, right and bottom, 0 to 1000.</remarks>
internal static class Lilt
{
    public static Architecture Architecture { get; } = TextEncoder.Family("lilt", "SCUT-DLVCLab/lilt-roberta-en-base", Encode,
        new("LiltModel", ModelTask.FeatureExtraction, text => text.Hidden.AsStates(text.Body)),
        new("LiltForSequenceClassification", ModelTask.TextClassification,
            text => text.Hidden.ClassifyFirstToken(text.Weights["classifier"]).AsLogits()),
        new("LiltForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
        new("LiltForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        if (!shape.HasAbsolutePositions)
            throw new UnsupportedModelException($"This LiLT has positions of type '{shape.Positions}'.", "Absolute positions are built.");
        var body = weights.Body("lilt");
        weights.Ignore("classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "embeddings.position_ids");

        var positions = inputs.Ids.PositionsBehindPadding(json.Int("pad_token_id", 0));
        var embeddings = body["embeddings"];
        var x = (inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2)) + positions.Embedding(embeddings["position_embeddings"]))
            .LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var layout = EmbedBoxes(inputs.Tokens("bbox", width: 4), positions, body["layout_embeddings"], shape);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
            (x, layout) = Layer(x, layout, mask, body[$"encoder.layer.{i}"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    // [B, S, H / channel_shrink_ratio].
    private static Value EmbedBoxes(Value boxes, Value positions, Weights weights, BertShape shape)
    {
        Value Side(int number) => boxes.At(axis: 2, number);
        Value Place(Value coordinate, string axis) => coordinate.Embedding(weights[$"{axis}_position_embeddings"]);
        var places = ((Value[])[
            Place(Side(0), "x"), Place(Side(1), "y"), Place(Side(2), "x"), Place(Side(3), "y"), Place(Side(3) - Side(1), "h"), Place(Side(2) - Side(0), "w"),
        ]).Concat(axis: 2);
        return (places.Linear(weights["box_linear_embeddings"]) + positions.Embedding(weights["box_position_embeddings"]))
            .LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    private static (Value Text, Value Layout) Layer(Value x, Value layout, Value mask, Weights weights, BertShape shape)
    {
        var attention = weights["attention.self"];
        Value Of(Value states, string name) => states.Linear(attention[name]).SplitHeads(shape.Heads);
        var (query, key, layoutQuery, layoutKey) = (Of(x, "query"), Of(x, "key"), Of(layout, "layout_query"), Of(layout, "layout_key"));
        var context = query.Attend(key, Of(x, "value"), mask + Scores(layoutQuery, layoutKey));
        var layoutContext = layoutQuery.Attend(layoutKey, Of(layout, "layout_value"), mask + Scores(query, key));

        layout = (layoutContext.Linear(weights["attention.layout_output.dense"]) + layout)
            .LayerNorm(weights["attention.layout_output.LayerNorm"], shape.Epsilon);
        var inner = layout.Linear(weights["layout_intermediate.dense"]).Apply(shape.Activation).Linear(weights["layout_output.dense"]);
        return (context.BertOutputs(x, weights, shape), (inner + layout).LayerNorm(weights["layout_output.LayerNorm"], shape.Epsilon));
    }

    private static Value Scores(Value query, Value key) =>
        query.MatMul(key.Transpose(0, 1, 3, 2)) / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
}
