namespace Gpux.Runtime.Tokenizers;

/// <summary>Which text of a pair is cut.</summary>
public enum TruncationStrategy
{
    /// <summary>The longer one, and both alike once they are equally long.</summary>
    LongestFirst,
    OnlyFirst,
    OnlySecond,
}
