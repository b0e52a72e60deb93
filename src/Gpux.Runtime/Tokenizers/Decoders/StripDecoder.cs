namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Takes a character off the ends of every text, so many times at most.</summary>
internal sealed class StripDecoder(byte[] character, int start, int stop) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            for (var n = 0; n < start && text.StartsWith(character); n++)
                text = text[character.Length..];
            for (var n = 0; n < stop && text.EndsWith(character); n++)
                text = text[..^character.Length];
            texts.Write(text);
            texts.End();
        }
        texts.Commit();
    }
}
