using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>GTE as its repositories are published: of the type "new", after the modeling code that they bring along.</summary>
/// <remarks>Source: arXiv:2407.19669; configuration of Alibaba-NLP/gte-base-en-v1.5, as transformers 5.23 reads it, configuration_gte.py.</remarks>
internal static class PublishedGte
{
    public static Architecture Architecture { get; } = TextEncoder.Family("new", "Alibaba-NLP/gte-multilingual-base", Encode, Gte.Heads("New"));

    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        // The modeling code knows more forms than were ever published.
        foreach (var (field, known) in (ReadOnlySpan<(string, string)>)[("position_embedding_type", "rope"), ("layer_norm_type", "layer_norm")])
            if (json.Text(field, known) != known)
                throw json.Invalid(field, $"{known} was expected, the only one that is built");
        if (json.Bool("logn_attention_scale", false))
            throw json.Invalid("logn_attention_scale", "false was expected, the only one that is built");
        return Gte.Encode(inputs, json, weights, defaultTheta: 10_000);
    }
}
