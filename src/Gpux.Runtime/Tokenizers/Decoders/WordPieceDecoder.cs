namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Joins what continues a word, puts a space before every other token, and tidies English punctuation.</summary>
internal sealed class WordPieceDecoder(byte[] prefix, bool cleanUp) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            if (i == 0)
                Write(texts, text, false);
            else if (text.StartsWith(prefix))
                Write(texts, text[prefix.Length..], false);
            else
                Write(texts, text, true);
            texts.End();
        }
        texts.Commit();
    }

    private void Write(TokenTexts texts, ReadOnlySpan<byte> text, bool space)
    {
        // Only a token with a space, its own or the one before it, has something to tidy.
        if (cleanUp && ((space && !text.IsEmpty && CleanUp.Starts.Contains(text[0])) || text.Contains((byte)' ')))
        {
            var dirty = (space ? " " : "") + System.Text.Encoding.UTF8.GetString(text);
            texts.Write(System.Text.Encoding.UTF8.GetBytes(CleanUp.OfTokens(dirty)));
            return;
        }
        if (space)
            texts.Write((byte)' ');
        texts.Write(text);
    }
}
