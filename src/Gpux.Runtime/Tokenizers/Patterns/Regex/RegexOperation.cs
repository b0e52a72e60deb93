namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>Operations of the machine; operands are in brackets, targets are places in the code.</summary>
internal static class RegexOperation
{
    /// <summary>The end of the expression, or of the body of Look and Atomic.</summary>
    public const int Match = 0;

    /// <summary>[set] One character.</summary>
    public const int Character = 1;

    /// <summary>[target]</summary>
    public const int Jump = 2;

    /// <summary>[target] Goes on here, and if that fails at the target.</summary>
    public const int Split = 3;

    /// <summary>[set, minimum, maximum] As many characters as there are, and fewer if that fails.</summary>
    public const int Greedy = 4;

    /// <summary>[set, minimum, maximum] As many characters as there are.</summary>
    public const int Possessive = 5;

    /// <summary>[end, negated, characters back] The body follows; goes on at the end if it matches, or does not.</summary>
    public const int Look = 6;

    /// <summary>[end] The body follows; goes on at the end from where it matched.</summary>
    public const int Atomic = 7;

    /// <summary>[kind]</summary>
    public const int Anchor = 8;

    /// <summary>[register] Remembers the position.</summary>
    public const int Remember = 9;

    /// <summary>[register, target] Goes to the target if nothing was read since the position was remembered.</summary>
    public const int IfEmpty = 10;

    /// <summary>[table] Goes to the place that the table has for the next character; 128 ASCII places, other, end.</summary>
    public const int Dispatch = 11;
}
