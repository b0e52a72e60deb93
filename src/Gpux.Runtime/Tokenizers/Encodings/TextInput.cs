namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>A text, or the words of one.</summary>
internal sealed class TextInput
{
    private readonly string? _text;
    private readonly IReadOnlyList<string> _words = [];

    public TextInput(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    public TextInput(IReadOnlyList<string> words) => _words = words;

    public void AppendTo(TextPipeline pipeline, PipelineScratch scratch, int sequence, bool withOffsets)
    {
        if (_text is not null)
        {
            pipeline.AppendEntries(_text, scratch, -1, sequence, withOffsets);
            return;
        }
        for (var i = 0; i < _words.Count; i++)
            pipeline.AppendEntries(_words[i], scratch, i, sequence, withOffsets);
    }
}
