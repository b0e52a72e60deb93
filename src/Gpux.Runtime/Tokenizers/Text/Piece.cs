namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>A part of a text.</summary>
/// <param name="Start">Its first byte in the list's text.</param>
/// <param name="End">Behind its last byte.</param>
/// <param name="Origin">Where it comes from in the original text, in bytes; without tracking only 0 or not 0 is exact.</param>
/// <param name="Token">The id of the added token that it is, or <see cref="NoToken"/>.</param>
internal readonly record struct Piece(int Start, int End, int Origin, int Token)
{
    public const int NoToken = -1;

    public bool IsToken => Token >= 0;
}
