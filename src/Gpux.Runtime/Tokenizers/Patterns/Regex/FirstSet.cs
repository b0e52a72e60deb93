namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>What a match can start with: some ASCII characters, whether another character, whether nothing at all.</summary>
internal readonly record struct FirstSet(UInt128 Ascii, bool Other, bool Nothing)
{
    public static FirstSet Anything { get; } = new(UInt128.MaxValue, true, true);

    public static FirstSet Of(CodePointSet set)
    {
        var ascii = UInt128.Zero;
        for (var c = 0; c < 128; c++)
            ascii |= set.ContainsAscii(c) ? UInt128.One << c : UInt128.Zero;
        return new FirstSet(ascii, set.HasNonAscii, false);
    }

    public static FirstSet Of(RegexNode node)
    {
        switch (node)
        {
            case RegexNode.Set set:
                return Of(set.Characters);
            case RegexNode.Sequence sequence:
                var result = new FirstSet(0, false, true);
                foreach (var part in sequence.Parts)
                {
                    var first = Of(part);
                    result = new FirstSet(result.Ascii | first.Ascii, result.Other | first.Other, first.Nothing);
                    if (!first.Nothing)
                        break;
                }
                return result;
            case RegexNode.Alternation alternation:
                var any = default(FirstSet);
                foreach (var alternative in alternation.Alternatives)
                {
                    var first = Of(alternative);
                    any = new FirstSet(any.Ascii | first.Ascii, any.Other | first.Other, any.Nothing | first.Nothing);
                }
                return any;
            case RegexNode.Repeat repeat:
                var body = Of(repeat.Body);
                return body with { Nothing = body.Nothing || repeat.Minimum == 0 };
            case RegexNode.Atomic atomic:
                return Of(atomic.Body);
            default:
                return new FirstSet(0, false, true); // anchors and looks read nothing
        }
    }

    public bool Allows(int c) => Nothing || (c < 128 ? (Ascii >> c & 1) != 0 : Other);
}
