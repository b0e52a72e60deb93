using Gpux.Runtime.Tokenizers.Decoders;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>Reads one token a frame: repeated tokens are one, blanks vanish, the delimiter ends words.</summary>
/// <remarks>Source: Graves et al. 2006; what is text and where words start as in transformers 4.57.1, Wav2Vec2CTCTokenizer.</remarks>
/// <param name="delimiter">The token between words; null: there is none.</param>
/// <param name="space">What the delimiter is written as.</param>
internal sealed class CtcCollapse(string blank, string? delimiter, string space, bool lowerCase)
{
    /// <param name="groups">Whether repeated tokens are one.</param>
    public CtcText Read(TokenTexts tokens, bool groups)
    {
        var characters = new List<CtcRange>();
        for (var start = 0; start < tokens.Count;)
        {
            var end = start + 1;
            while (groups && end < tokens.Count && tokens[end].SequenceEqual(tokens[start]))
                end++;
            var token = System.Text.Encoding.UTF8.GetString(tokens[start]);
            if (token != blank)
                characters.Add(new CtcRange(token == delimiter ? space : token, start, end));
            start = end;
        }
        var text = PythonText.Strip(string.Concat(characters.ConvertAll(character => character.Text)));
        return new CtcText(lowerCase ? PythonText.Lower(text) : text, characters, Words(characters));
    }

    private List<CtcRange> Words(List<CtcRange> characters)
    {
        var words = new List<CtcRange>();
        for (var first = 0; first < characters.Count;)
        {
            var last = first;
            while (last < characters.Count && characters[last].Text != space)
                last++;
            if (last > first)
            {
                var text = string.Concat(characters[first..last].ConvertAll(character => character.Text));
                words.Add(new CtcRange(text, characters[first].StartFrame, characters[last - 1].EndFrame));
            }
            first = last + 1;
        }
        return words;
    }
}
