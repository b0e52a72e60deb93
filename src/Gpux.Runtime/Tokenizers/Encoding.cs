using Gpux.Runtime.Tokenizers.Encodings;

namespace Gpux.Runtime.Tokenizers;

/// <summary>A tokenized text or pair of texts: as many entries in every list as there are tokens, padding included.</summary>
public sealed class Encoding
{
    private readonly int[] _ids;
    private readonly int[] _typeIds;
    private readonly int[] _attentionMask;
    private readonly int[] _specialTokensMask;
    private readonly int?[] _wordIds;
    private readonly int?[] _sequenceIds;
    private readonly TextRange[] _offsets = [];
    private readonly TextRange[] _codePointOffsets = [];
    private readonly Func<int, string?, string> _textOf;
    private readonly Dictionary<int, string>? _texts; // by place, where they differ from what the id stands for
    private string[]? _tokens;

    internal Encoding(ReadOnlySpan<TokenEntry> entries, bool withOffsets, Func<int, string?, string> textOf, IReadOnlyList<Encoding> overflow)
    {
        _textOf = textOf;
        Overflow = overflow;
        _ids = new int[entries.Length];
        _typeIds = new int[entries.Length];
        _attentionMask = new int[entries.Length];
        _specialTokensMask = new int[entries.Length];
        _wordIds = new int?[entries.Length];
        _sequenceIds = new int?[entries.Length];
        var same = true;
        for (var i = 0; i < entries.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            _ids[i] = entry.Id;
            _typeIds[i] = entry.TypeId;
            _attentionMask[i] = entry.IsPadding ? 0 : 1;
            _specialTokensMask[i] = entry.IsSpecial ? 1 : 0;
            _wordIds[i] = entry.Word < 0 ? null : entry.Word;
            _sequenceIds[i] = entry.Sequence < 0 ? null : entry.Sequence;
            same &= entry.Offsets == entry.CodePoints;
            if (entry.Text is not null)
                (_texts ??= [])[i] = entry.Text;
        }
        if (!withOffsets)
            return;
        _offsets = new TextRange[entries.Length];
        for (var i = 0; i < entries.Length; i++)
            _offsets[i] = entries[i].Offsets;
        if (same)
        {
            _codePointOffsets = _offsets;
            return;
        }
        _codePointOffsets = new TextRange[entries.Length];
        for (var i = 0; i < entries.Length; i++)
            _codePointOffsets[i] = entries[i].CodePoints;
    }

    /// <summary>How many tokens there are.</summary>
    public int Count => _ids.Length;

    public ReadOnlySpan<int> Ids => _ids;

    /// <summary>The segment of each token, as the model's template numbers them: for BERT 0 for the first text, 1 for the second.</summary>
    public ReadOnlySpan<int> TypeIds => _typeIds;

    /// <summary>0 for padding, else 1.</summary>
    public ReadOnlySpan<int> AttentionMask => _attentionMask;

    /// <summary>1 for tokens that the template or padding added, else 0.</summary>
    public ReadOnlySpan<int> SpecialTokensMask => _specialTokensMask;

    /// <summary>The part of its text that each token comes from, in UTF-16 units; (0, 0) for tokens that come from none.
    /// For words given one by one the places count from the word's start. Empty without <see cref="EncodeOptions.WithOffsets"/>.</summary>
    public ReadOnlySpan<TextRange> Offsets => _offsets;

    /// <summary>The same in Unicode code points, as Python counts.</summary>
    public ReadOnlySpan<TextRange> CodePointOffsets => _codePointOffsets;

    /// <summary>The number of the word that each token belongs to; null for special tokens and padding.</summary>
    public ReadOnlySpan<int?> WordIds => _wordIds;

    /// <summary>0 for tokens of the first text, 1 for those of the second; null for special tokens and padding.</summary>
    public ReadOnlySpan<int?> SequenceIds => _sequenceIds;

    /// <summary>Each token as the vocabulary writes it.</summary>
    public IReadOnlyList<string> Tokens => _tokens ??= WriteTokens();

    /// <summary>What truncation cut off, in windows of the same length; empty unless asked for.</summary>
    public IReadOnlyList<Encoding> Overflow { get; }

    private string[] WriteTokens()
    {
        var tokens = new string[_ids.Length];
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = _textOf(_ids[i], _texts?.GetValueOrDefault(i));
        return tokens;
    }
}
