namespace Gpux.Runtime.Tokenizers.PostProcessors;

/// <summary>What is put around texts, and how the offsets of byte-level tokens are trimmed.</summary>
/// <remarks>The post-processors of tokenizers 0.22 all come down to this.</remarks>
internal sealed record PostProcessor
{
    /// <summary>Each text as it is; the second one has the type 1.</summary>
    public static PostProcessor None { get; } = new();

    public TemplatePart[] Single { get; init; } = [TemplatePart.Text(0, 0)];

    public TemplatePart[] Pair { get; init; } = [TemplatePart.Text(0, 0), TemplatePart.Text(1, 1)];

    /// <summary>For each trimming of white space from offsets: whether a space was added before the text.</summary>
    public bool[] Trims { get; init; } = [];

    /// <summary>RobertaProcessing: windows that truncation cut off have the type 0 too when special tokens are added.</summary>
    public bool IsRoberta { get; init; }

    public TemplatePart[] Template(bool isPair) => isPair ? Pair : Single;

    /// <summary>How many tokens are added.</summary>
    public int AddedTokens(bool isPair)
    {
        var count = 0;
        foreach (var part in Template(isPair))
            count += part.Ids.Length;
        return count;
    }

    public static PostProcessor Bert(TemplatePart cls, TemplatePart sep) => new()
    {
        Single = [cls, TemplatePart.Text(0, 0), sep],
        Pair = [cls, TemplatePart.Text(0, 0), sep, TemplatePart.Text(1, 1), sep with { TypeId = 1 }],
    };

    public static PostProcessor Roberta(TemplatePart cls, TemplatePart sep, bool trimOffsets, bool addPrefixSpace) => new()
    {
        Single = [cls, TemplatePart.Text(0, 0), sep],
        Pair = [cls, TemplatePart.Text(0, 0), sep, sep, TemplatePart.Text(1, 0), sep],
        Trims = trimOffsets ? [addPrefixSpace] : [],
        IsRoberta = true,
    };
}
