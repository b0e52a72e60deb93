using System.Text;

namespace Gpux.Runtime.Tokenizers;

/// <summary>Applies to a growing text what is defined on whole texts, and gives what later text cannot change.</summary>
internal sealed class TailCleaner(Func<string, string> finish)
{
    private const int LongestPattern = 4; // of what is replaced: a space and up to three characters
    private const int LongestMark = 16; // characters of a time stamp
    private readonly StringBuilder _held = new();
    private bool _started;

    public string Push(string text)
    {
        _held.Append(text);
        var held = _held.ToString();
        var cut = SafeEnd(held);
        if (cut == 0)
            return "";
        _held.Clear().Append(held, cut, held.Length - cut);
        return Finish(held[..cut]);
    }

    public string Flush()
    {
        var rest = _held.ToString();
        _held.Clear();
        var text = rest.Length == 0 ? "" : Finish(rest);
        _started = false;
        return text;
    }

    private string Finish(string text)
    {
        // A first letter keeps what strips ends from taking the space between two parts.
        var finished = _started ? finish("x" + text)[1..] : finish(text);
        _started |= finished.Length > 0;
        return finished;
    }

    private static int SafeEnd(string text)
    {
        for (var end = text.Length; end > 0; end--)
        {
            if (IsSafe(text, end))
                return end;
        }
        return 0;
    }

    // Everything that is replaced starts with a space, but for time stamps and word suffixes, which start with "<".
    private static bool IsSafe(string text, int end)
    {
        if (PythonText.IsSpace(text[end - 1]) || text.AsSpan(Math.Max(0, end - LongestMark)..end).Contains('<'))
            return false;
        var space = text.AsSpan(0, end).LastIndexOf(' ');
        return space < 0 || end - space >= LongestPattern || !".?!,'n".Contains(text[space + 1], StringComparison.Ordinal);
    }
}
