using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>X-MOD: RoBERTa whose layers end in an adapter of the text's language.</summary>
/// <remarks>Source: arXiv:2205.06266; outputs of transformers 4.43 and 5.9, modeling_xmod.py. B = batch, S = tokens, H = hidden size,
/// L = languages, R = width of an adapter. A model of several languages has an input lang_ids, int64 [B]: the language's number in
/// languages of config.json, or -1 for default_language.</remarks>
internal static class Xmod
{
    public static Architecture Architecture { get; } = TextEncoder.Family("xmod", "facebook/xmod-base", Encode, Roberta.Heads("Xmod"));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        var body = weights.Body("roberta");
        Roberta.IgnoreOtherHeads(weights, body);
        var normalizesBefore = json.Bool("pre_norm", false);
        var languages = json.Texts("languages", "en_XX");
        var chosen = Choose(inputs, json, languages);
        var mask = inputs.Attended.PaddingMask(inputs.Length);
        var x = Roberta.Embed(inputs, json, body["embeddings"], shape);
        for (var i = 0; i < shape.Layers; i++)
            x = Layer(x, body[$"encoder.layer.{i}"]);
        return new EncodedText(normalizesBefore ? x.LayerNorm(body["encoder.LayerNorm"], shape.Epsilon) : x, inputs, json, body, weights);

        Value Layer(Value x, Weights layer)
        {
            Value Norm(Value y, string module, bool applies) => applies ? y.LayerNorm(layer[$"{module}.LayerNorm"], shape.Epsilon) : y;
            var context = Norm(x, "attention.output", normalizesBefore).BertAttention(mask, layer["attention.self"], shape);
            x = Norm(context.Linear(layer["attention.output.dense"]) + x, "attention.output", !normalizesBefore);
            x += Norm(x, "output", normalizesBefore).FeedForward(layer, shape.Activation);
            return Norm(Adapt(x, chosen, languages, layer["output"], json, shape), "output", !normalizesBefore);
        }
    }

    // The number of each row's language, [B]; or the one language of all rows.
    private static (Value? Numbers, string Only) Choose(TextInputs inputs, ModelConfig json, IReadOnlyList<string> languages)
    {
        var stated = json.Text("default_language", "");
        var byDefault = stated.Length == 0 ? -1 : languages.ToList().IndexOf(stated) is >= 0 and var index ? index
            : throw json.Invalid("default_language", $"one of {string.Join(", ", languages)} was expected");
        if (languages.Count == 1)
            return (null, languages[0]);
        // Of choices the original gives each row another row's language, but for the default.
        if (inputs.HasChoices)
            return (null, byDefault >= 0 ? stated : throw json.Invalid("default_language", "the language of the choices was expected"));
        var graph = inputs.Ids.Graph;
        var ids = graph.Input("lang_ids", ElementType.Int64, "batch_size");
        // Where nothing states a language the original refuses the text; here there is no adapter of this number.
        return ((ids < graph.Constant(0L)).Where(graph.Constant(byDefault < 0 ? languages.Count : byDefault), ids), "");
    }

    private static Value Adapt(Value x, (Value? Numbers, string Only) language, IReadOnlyList<string> languages, Weights output, ModelConfig json, BertShape shape)
    {
        var adapters = output["adapter_modules"];
        var normed = json.Bool("adapter_layer_norm", false) ? x.LayerNorm(output["adapter_layer_norm"], shape.Epsilon)
            : json.Bool("adapter_reuse_layer_norm", true) ? x.LayerNorm(output["LayerNorm"], shape.Epsilon) : x;
        var inner = Project(Project(normed, "dense1").Apply(shape.Activation), "dense2");
        adapters.Ignore([.. languages]); // those that are not chosen
        return inner + (json.Bool("ln_before_adapter", true) ? normed : x);

        Value Project(Value y, string module)
        {
            if (language.Numbers is not { } numbers)
                return y.Linear(adapters[language.Only][module]);
            // Each row by the matrix of its own language: [B, S, H] by [B, H, R].
            Value Of(string tensor) => languages.Select(name => adapters[name][module].Stored(tensor).Unsqueeze(0)).ToArray()
                .Concat(axis: 0).Gather(numbers).Cast(ElementType.Float32);
            return y.MatMul(Of("weight").Transpose(0, 2, 1)) + Of("bias").Unsqueeze(1);
        }
    }
}
