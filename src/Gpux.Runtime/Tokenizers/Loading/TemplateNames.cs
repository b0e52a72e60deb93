using Gpux.Runtime.Tokenizers.PostProcessors;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>What a class puts around texts, by the tokens' names: their ids are known when all tokens are added.</summary>
/// <param name="Single">Parts such as <c>[CLS]</c>, or <c>[CLS]:2</c> with a type id; <c>$A</c> is the text.</param>
/// <param name="Pair">The same for two texts, <c>$A</c> and <c>$B</c>.</param>
internal sealed record TemplateNames(string[] Single, string[] Pair)
{
    /// <summary>Whether what ends a text is left out where the text has it already.</summary>
    public bool OnlyIfMissing { get; init; }

    /// <summary>cls A sep, and cls A sep B sep with the type 1 for B.</summary>
    public static TemplateNames Bert(string cls, string sep) =>
        new([cls, "$A", sep], [cls, "$A", sep, "$B:1", $"{sep}:1"]);

    /// <summary>cls A sep, and cls A sep sep B sep.</summary>
    public static TemplateNames Roberta(string cls, string sep) =>
        new([cls, "$A", sep], [cls, "$A", sep, sep, "$B", sep]);

    /// <summary>A eos, and A B eos.</summary>
    public static TemplateNames Ended(string eos) => new(["$A", eos], ["$A", "$B", eos]);

    /// <param name="idOf">The id of a token, or -1.</param>
    public PostProcessor Resolve(Func<string, int> idOf)
    {
        return new PostProcessor { Single = Array.ConvertAll(Single, Part), Pair = Array.ConvertAll(Pair, Part) };

        TemplatePart Part(string name)
        {
            var type = name.Length > 2 && name[^2] == ':' && char.IsAsciiDigit(name[^1]) ? name[^1] - '0' : -1;
            var token = type < 0 ? name : name[..^2];
            if (token is "$A" or "$B")
                return TemplatePart.Text(token == "$A" ? 0 : 1, Math.Max(type, 0));
            return idOf(token) is var id and >= 0
                ? TemplatePart.Token(id, token, Math.Max(type, 0)) with { OnlyIfMissing = OnlyIfMissing }
                : throw new InvalidTokenizerException(TokenizerConfig.FileName, $"the tokenizer puts a token around texts that it lacks ({token})");
        }
    }
}
