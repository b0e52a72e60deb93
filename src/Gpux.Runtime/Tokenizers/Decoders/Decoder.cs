namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Turns tokens back into parts of a text. Instances are immutable and shared between threads.</summary>
internal abstract class Decoder
{
    /// <summary>Whether the text of a token may change until a token follows that is not of this kind: bytes one by one.</summary>
    public virtual bool Holds(ReadOnlySpan<byte> token) => false;

    public abstract void Decode(TokenTexts texts);
}
