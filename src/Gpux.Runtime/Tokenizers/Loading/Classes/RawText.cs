using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>Classes without a vocabulary file: bytes or characters are the tokens.</summary>
/// <remarks>Source: transformers 4.57.1, ByT5Tokenizer, PerceiverTokenizer, CanineTokenizer.</remarks>
internal static class RawText
{
    private const int ByteValues = 256;

    public static TokenizerParts ByT5(TokenizerConfig config, SpecialTokens special)
    {
        var eos = special.Eos ?? "</s>";
        var parts = new TokenizerParts(new ByteModel([special.Pad, eos, special.Unk]))
        {
            Decoder = new LatinBytesDecoder(dropsInvalid: true),
            PythonSize = ByteValues,
            Template = new TemplateNames(["$A", eos], ["$A", eos, "$B", eos]) { OnlyIfMissing = true },
        };
        if (!config.AdditionalTokens().Any())
        {
            for (var i = 0; i < config.ExtraIds(125); i++)
                parts.Added.Add(new AddedToken($"<extra_id_{i}>", Special: true));
        }
        return parts;
    }

    public static TokenizerParts Perceiver(SpecialTokens special) => new(
        new ByteModel([special.Pad, special.Bos, special.Eos, special.Mask, special.Cls, special.Sep]))
    {
        Decoder = new LatinBytesDecoder(dropsInvalid: false),
        PythonSize = ByteValues,
        Template = AroundAndBetween(special.Cls ?? "[CLS]", special.Sep ?? "[SEP]", secondType: 0),
    };

    public static TokenizerParts Canine(SpecialTokens special)
    {
        var model = new CodePointModel();
        return new TokenizerParts(model)
        {
            Decoder = new FuseDecoder(),
            PythonSize = model.Size,
            Template = AroundAndBetween(special.Cls ?? "\uE000", special.Sep ?? "\uE001", secondType: 1),
        };
    }

    private static TemplateNames AroundAndBetween(string cls, string sep, int secondType) =>
        new([cls, "$A", sep], [cls, "$A", sep, $"$B:{secondType}", $"{sep}:{secondType}"]);
}
