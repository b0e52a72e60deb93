using System.Text;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>Brings English transcripts to a form in which they can be compared.</summary>
/// <remarks>Source: arXiv:2212.04356, appendix C; transformers 4.57.1, EnglishTextNormalizer.</remarks>
/// <param name="spelling">American spellings of British words.</param>
internal sealed class EnglishTextNormalizer(IReadOnlyDictionary<string, string> spelling)
{
    private const string KeptSymbols = ".%$¢€£";
    private static readonly string[] Fillers = ["hmm", "mm", "mhm", "mmm", "uh", "um"];

    // Whole words, in the order in which they are replaced.
    private static readonly (string Word, string Replacement)[] Words =
    [
        ("won't", "will not"), ("can't", "can not"), ("let's", "let us"), ("ain't", "aint"), ("y'all", "you all"), ("wanna", "want to"),
        ("gotta", "got to"), ("gonna", "going to"), ("i'ma", "i am going to"), ("imma", "i am going to"), ("woulda", "would have"),
        ("coulda", "could have"), ("shoulda", "should have"), ("ma'am", "madam"), ("mr", "mister "), ("mrs", "missus "), ("st", "saint "),
        ("dr", "doctor "), ("prof", "professor "), ("capt", "captain "), ("gov", "governor "), ("ald", "alderman "), ("gen", "general "),
        ("sen", "senator "), ("rep", "representative "), ("pres", "president "), ("rev", "reverend "), ("hon", "honorable "), ("asst", "assistant "),
        ("assoc", "associate "), ("lt", "lieutenant "), ("col", "colonel "), ("jr", "junior "), ("sr", "senior "), ("esq", "esquire "),
    ];

    // Ends of words.
    private static readonly (string Ending, string Replacement)[] Endings =
    [
        ("'d been", " had been"), ("'s been", " has been"), ("'d gone", " had gone"), ("'s gone", " has gone"), ("'d done", " had done"),
        ("'s got", " has got"), ("n't", " not"), ("'re", " are"), ("'s", " is"), ("'d", " would"), ("'ll", " will"), ("'t", " not"),
        ("'ve", " have"), ("'m", " am"),
    ];

    public string Normalize(string text)
    {
        text = BasicTextNormalizer.RemoveAsides(PythonText.Lower(text));
        foreach (var filler in Fillers)
            text = WordEdges.Replace(text, filler, "", startsWord: true);
        text = JoinApostrophes(text);
        foreach (var (word, replacement) in Words)
            text = WordEdges.Replace(text, word, replacement, startsWord: true);
        foreach (var (ending, replacement) in Endings)
            text = WordEdges.Replace(text, ending, replacement, startsWord: false);
        text = DropFinalPeriods(JoinThousands(text));
        text = BasicTextNormalizer.RemoveSymbolsAndDiacritics(text, KeptSymbols);
        text = EnglishNumbers.Normalize(text);
        var words = PythonText.Split(text);
        for (var i = 0; i < words.Count; i++)
            words[i] = spelling.GetValueOrDefault(words[i], words[i]);
        return BasicTextNormalizer.JoinSpaces(DropLooseSymbols(string.Join(' ', words)));
    }

    // White space before an apostrophe goes.
    private static string JoinApostrophes(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == '\'')
            {
                while (result.Length > 0 && PythonText.IsSpace(result[^1]))
                    result.Length--;
            }
            result.Append(c);
        }
        return result.ToString();
    }

    // Two matches cannot share a digit, so that of "1,2,3" one comma stays: so it does in the original.
    private static string JoinThousands(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            result.Append(text[i]);
            if (i + 2 >= text.Length || !char.IsDigit(text[i]) || text[i + 1] != ',' || !char.IsDigit(text[i + 2]))
                continue;
            result.Append(text[i + 2]);
            i += 2;
        }
        return result.ToString();
    }

    private static string DropFinalPeriods(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var ends = text[i] == '.' && !(i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]));
            result.Append(ends ? ' ' : text[i]);
            // What follows is part of the match, even if it is a period.
            if (ends && i + 1 < text.Length)
                result.Append(text[++i]);
        }
        return result.ToString();
    }

    // Symbols of money before, and of percent behind, what is no digit.
    private static string DropLooseSymbols(string text)
    {
        var result = new StringBuilder(text);
        for (var i = 0; i + 1 < result.Length; i++)
        {
            if (".$¢€£".Contains(result[i], StringComparison.Ordinal) && !char.IsAsciiDigit(result[i + 1]))
                result[i++] = ' ';
        }
        for (var i = 1; i < result.Length; i++)
        {
            if (result[i] == '%' && !char.IsAsciiDigit(result[i - 1]))
                result[i++] = ' ';
        }
        return result.ToString();
    }
}
