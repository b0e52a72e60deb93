namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>A regular expression as parsed.</summary>
internal abstract record RegexNode
{
    /// <summary>One character of a set.</summary>
    public sealed record Set(CodePointSet Characters) : RegexNode;

    /// <summary>All parts in order; none of them: the empty match.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>The first alternative that leads to a match.</summary>
    public sealed record Alternation(IReadOnlyList<RegexNode> Alternatives) : RegexNode;

    /// <param name="Body">What is repeated.</param>
    /// <param name="Maximum">-1: without limit.</param>
    public sealed record Repeat(RegexNode Body, int Minimum, int Maximum, RepeatKind Kind) : RegexNode;

    /// <summary>Whether the text before or after the position matches.</summary>
    public sealed record Look(RegexNode Body, bool Behind, bool Negated) : RegexNode;

    /// <summary>Once matched, not tried otherwise.</summary>
    public sealed record Atomic(RegexNode Body) : RegexNode;

    public sealed record Anchor(AnchorKind Kind) : RegexNode;

    internal enum RepeatKind
    {
        Greedy,
        Lazy,
        Possessive,
    }

    internal enum AnchorKind
    {
        LineStart,
        LineEnd,
        TextStart,
        TextEnd,
        TextEndOrLastLineEnd,
        WordBoundary,
        NoWordBoundary,
    }
}
