namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Writes a space for the suffix that ends words, except in the last token.</summary>
internal sealed class BpeDecoder(byte[] suffix) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            while (suffix.Length > 0 && text.IndexOf(suffix) is var distance and >= 0)
            {
                texts.Write(text[..distance]);
                if (i < texts.Count - 1)
                    texts.Write((byte)' ');
                text = text[(distance + suffix.Length)..];
            }
            texts.Write(text);
            texts.End();
        }
        texts.Commit();
    }
}
