using System.Text;

namespace Gpux.Runtime.Generation.Stopping;

/// <summary>Whether the last token of a row completes one of some texts (StopStringCriteria).</summary>
/// <remarks>A text may begin in the prompt; one that ends there does not count. Only as many tokens are decoded as the longest text
/// can span.</remarks>
internal sealed class StopStrings
{
    private readonly string[] _texts;
    private readonly TokenDecoder _decode;
    private readonly int _window;

    public StopStrings(IReadOnlyList<string> texts, TokenDecoder decode)
    {
        _texts = [.. texts];
        _decode = decode;
        // A token may stand for a single byte. One more keeps a decoder's treatment of the first token out of the text.
        _window = _texts.Max(Encoding.UTF8.GetByteCount) + 1;
    }

    public bool EndsWithin(ReadOnlySpan<int> ids)
    {
        var tail = ids[Math.Max(0, ids.Length - _window)..];
        var before = _decode(tail[..^1]);
        var text = _decode(tail);
        // The last token may also complete a character that was a replacement mark before.
        var settled = before.AsSpan().CommonPrefixLength(text);
        foreach (var sought in _texts)
        {
            var start = Math.Max(0, settled - sought.Length + 1);
            if (text.AsSpan(start).Contains(sought, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
