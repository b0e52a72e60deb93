namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Properties that tokenizers ask of one character, each of the Unicode version of the library they come from.</summary>
[Flags]
internal enum CharacterFlags : byte
{
    None = 0,

    /// <summary>Category Cc, Cf or Co in Unicode 8: what the BERT normalizer calls a control character.</summary>
    Other = 1,

    /// <summary>Category P in Unicode 8.</summary>
    Punctuation = 2,

    /// <summary>Category Mn in Unicode 8.</summary>
    NonspacingMark = 4,

    /// <summary>Category M in Unicode 9.</summary>
    Mark = 8,

    /// <summary>Category N in Unicode 17.</summary>
    Number = 16,

    /// <summary>White_Space, the same since Unicode 6.3.</summary>
    WhiteSpace = 32,

    /// <summary>What <c>\w</c> matches in Unicode 16: Alphabetic, M, Nd, Pc and Join_Control.</summary>
    Word = 64,

    /// <summary>Alphabetic in Unicode 16.</summary>
    Alphabetic = 128,
}
