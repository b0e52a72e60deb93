using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>I-BERT: RoBERTa prepared for arithmetic with whole numbers, here before it is quantised.</summary>
/// <remarks>Source: arXiv:2101.01321; outputs of transformers 5.23, modeling_ibert.py, with quant_mode false: the path in floating point, to
/// which the stored ranges and whole numbers do not belong.</remarks>
internal static class IBert
{
    public static Architecture Architecture { get; } = TextEncoder.Family("ibert", "kssteven/ibert-roberta-base", Encode, Roberta.Heads("IBert"));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        if (json.Bool("quant_mode", false))
            throw new UnsupportedModelException("This I-BERT computes with whole numbers (quant_mode in config.json).",
                "Set quant_mode to false for the same model in floating point.");
        var shape = BertShape.Of(json);
        if (shape.Activation != "gelu")
            throw json.Invalid("hidden_act", "gelu was expected, the only one that the family knows");
        if (!shape.HasAbsolutePositions)
            throw json.Invalid("position_embedding_type", "absolute was expected, the only one that the family knows");
        var body = weights.Body("ibert");
        Roberta.IgnoreOtherHeads(weights, body);

        var embeddings = body["embeddings"];
        embeddings.Ignore("embeddings_act1", "embeddings_act2", "output_activation");
        IgnoreWholeNumbers(embeddings, "word_embeddings", "token_type_embeddings", "position_embeddings", "LayerNorm");
        var x = Roberta.Embed(inputs, json, embeddings, shape);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var (attention, attended, output) = (layer["attention.self"], layer["attention.output"], layer["output"]);
            layer.Ignore("pre_intermediate_act", "pre_output_act", "intermediate.output_activation");
            attention.Ignore("query_activation", "key_activation", "value_activation", "output_activation", "softmax");
            attended.Ignore("ln_input_act", "output_activation");
            output.Ignore("ln_input_act", "output_activation");
            IgnoreWholeNumbers(attention, "query", "key", "value");
            IgnoreWholeNumbers(attended, "dense", "LayerNorm");
            IgnoreWholeNumbers(output, "dense", "LayerNorm");
            IgnoreWholeNumbers(layer, "intermediate.dense");
            x = x.BertLayer(mask, layer, shape);
        }
        return new EncodedText(x, inputs, json, body, weights);
    }

    // What quantised modules keep beside their weights.
    private static void IgnoreWholeNumbers(Weights weights, params ReadOnlySpan<string> modules)
    {
        foreach (var module in modules)
            weights[module].Ignore("weight_integer", "weight_scaling_factor", "bias_integer", "fc_scaling_factor", "activation", "shift");
    }
}
