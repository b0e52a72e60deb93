namespace Gpux.Runtime.Tokenizers;

/// <summary>Decodes ids as they come; what it gives together is what <see cref="Tokenizer.Decode"/> gives of all. Not for several threads.</summary>
public sealed class StreamingDecoder
{
    private const char Replacement = '\uFFFD';
    private readonly Tokenizer _tokenizer;
    private readonly DecodeOptions _options;
    private readonly List<int> _window = []; // the ids that still bear on what comes next
    private readonly TailCleaner? _tail;
    private int _given; // ids of the window whose text was given

    internal StreamingDecoder(Tokenizer tokenizer, DecodeOptions options)
    {
        _tokenizer = tokenizer;
        _options = options;
        _tail = tokenizer.Finishes(options) ? new TailCleaner(text => tokenizer.Finish(text, options)) : null;
    }

    /// <returns>The text that is certain now; empty while there is none, such as within a character.</returns>
    public string Push(int id)
    {
        // A token that has no text must not make the window grow.
        if (!_tokenizer.HasText(id, _options))
            return "";
        _window.Add(id);
        if (_tokenizer.Decoder?.Holds(_tokenizer.TextOf(id)) == true)
            return "";
        var text = NewText(mayHold: true);
        return _tail is null ? text : _tail.Push(text);
    }

    /// <returns>What was held back; the decoder is as new afterwards.</returns>
    public string Flush()
    {
        var text = NewText(mayHold: false);
        _window.Clear();
        _given = 0;
        return _tail is null ? text : _tail.Push(text) + _tail.Flush();
    }

    private string NewText(bool mayHold)
    {
        var ids = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_window);
        var given = _tokenizer.DecodeParts(ids[.._given], _options);
        var all = _tokenizer.DecodeParts(ids, _options);
        if (mayHold && all.EndsWith(Replacement))
            return "";
        // Only what was not given yet; where the two differ earlier, the tokens before were no part of any text.
        var text = all.StartsWith(given, StringComparison.Ordinal) ? all[given.Length..] : all;
        if (text.Length > 0)
        {
            _window.RemoveRange(0, _given);
            _given = _window.Count;
        }
        return text;
    }
}
