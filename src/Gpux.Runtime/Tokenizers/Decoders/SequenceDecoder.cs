namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Decoders one after the other.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<Decoder> parts) : Decoder
{
    public override bool Holds(ReadOnlySpan<byte> token)
    {
        foreach (var part in parts)
        {
            if (part.Holds(token))
                return true;
        }
        return false;
    }

    public override void Decode(TokenTexts texts)
    {
        foreach (var part in parts)
            part.Decode(texts);
    }
}
