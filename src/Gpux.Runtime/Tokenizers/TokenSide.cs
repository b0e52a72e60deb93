namespace Gpux.Runtime.Tokenizers;

/// <summary>Where tokens are cut off or added.</summary>
public enum TokenSide
{
    Right,
    Left,
}
