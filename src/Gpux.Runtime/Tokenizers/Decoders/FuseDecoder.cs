namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Makes one text of all, for the decoders that follow.</summary>
internal sealed class FuseDecoder : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        texts.Write(texts.Joined);
        texts.End();
        texts.Commit();
    }
}
