namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Collapses what speech models say of neighbouring frames: repeated tokens become one, blanks vanish.</summary>
internal sealed class CtcDecoder(string blank, string wordDelimiter, bool cleanUp) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0 && texts[i].SequenceEqual(texts[i - 1]))
                continue;
            var text = System.Text.Encoding.UTF8.GetString(texts[i]);
            if (blank.Length > 0)
                text = text.Replace(blank, "", StringComparison.Ordinal);
            if (cleanUp)
                text = CleanUp.OfTokens(text);
            if (cleanUp && wordDelimiter.Length > 0)
                text = text.Replace(wordDelimiter, " ", StringComparison.Ordinal);
            if (text.Length == 0)
                continue;
            texts.Write(System.Text.Encoding.UTF8.GetBytes(text));
            texts.End();
        }
        texts.Commit();
    }
}
