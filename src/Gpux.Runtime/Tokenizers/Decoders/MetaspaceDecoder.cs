namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Writes spaces for the visible character, except in the first token if one was put in front of the text.</summary>
internal sealed class MetaspaceDecoder(byte[] replacement, bool dropsFirst) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            while (text.IndexOf(replacement) is var distance and >= 0)
            {
                texts.Write(text[..distance]);
                if (i > 0 || !dropsFirst)
                    texts.Write((byte)' ');
                text = text[(distance + replacement.Length)..];
            }
            texts.Write(text);
            texts.End();
        }
        texts.Commit();
    }
}
