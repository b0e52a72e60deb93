using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Byte-pair encoding: characters or bytes, merged in the order that was learnt.</summary>
/// <remarks>Source: arXiv:1508.07909; unknown characters, byte fallback and affixes as in tokenizers 0.22.</remarks>
internal sealed class BpeModel : Model
{
    private const int Ascii = 128;
    private static readonly byte[] Metaspace = "▁"u8.ToArray();
    private readonly BpeOptions _options;
    private readonly MergeTable _merges;
    private readonly int _unknown;
    private readonly int[]? _fallback; // ids of <0x00> and so on
    private readonly int[] _asciiIds = new int[Ascii];
    private readonly bool _hasAffixes;
    private readonly bool _cutsAtMetaspace;
    private int[]? _byteIds; // ids of single bytes, where pieces are bytes
    private int[]? _lastByteIds; // the same at the end of a word

    public BpeModel(Vocabulary vocabulary, MergeTable merges, BpeOptions options, bool mergesCrossMetaspace) : base(vocabulary)
    {
        _options = options;
        _merges = merges;
        _unknown = options.UnknownId ?? (options.UnknownToken is null ? -1 : vocabulary.Find(options.UnknownToken));
        _fallback = options.ByteFallback ? ByteFallback.Find(vocabulary) : null;
        _hasAffixes = options.ContinuingPrefix.Length + options.EndSuffix.Length > 0;
        for (var c = 0; c < Ascii; c++)
            _asciiIds[c] = vocabulary.Find([(byte)c]);
        // Where no token reaches over the start of a word, words can be merged, and remembered, one by one.
        _cutsAtMetaspace = !mergesCrossMetaspace && !_hasAffixes && !options.IgnoreMerges && vocabulary.Find(Metaspace) >= 0;
    }

    /// <summary>Makes the model read bytes instead of the characters that stand for them, if it has a token for every byte.</summary>
    /// <returns>Whether it does.</returns>
    public bool ReadBytes()
    {
        if (_options.ContinuingPrefix.Length > 0)
            return false;
        var ids = FindBytes([]);
        var lastIds = _options.EndSuffix.Length == 0 ? ids : FindBytes(_options.EndSuffix);
        if (ids is null || lastIds is null)
            return false;
        (_byteIds, _lastByteIds) = (ids, lastIds);
        return true;
    }

    /// <summary>What ends words; empty: nothing.</summary>
    public byte[] Suffix => _options.EndSuffix;

    public override bool HasSubwordPrefix => _options.ContinuingPrefix.Length > 0;

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        if (_options.IgnoreMerges && FindWhole(piece, scratch) is var id and >= 0)
        {
            scratch.Tokens.Add(id, 0, piece.Length);
            return;
        }
        if (!_cutsAtMetaspace)
        {
            MergeWord(piece, scratch);
            return;
        }
        for (var start = 0; start < piece.Length;)
        {
            var end = WordEnd(piece, start);
            var first = scratch.Tokens.Count;
            MergeKnownWord(piece[start..end], scratch);
            scratch.Tokens.Shift(first, start);
            start = end;
        }
    }

    // A word is a run of metaspaces and what follows up to the next one.
    private static int WordEnd(ReadOnlySpan<byte> piece, int start)
    {
        var end = start;
        while (piece[end..].StartsWith(Metaspace))
            end += Metaspace.Length;
        var distance = piece[end..].IndexOf(Metaspace);
        return distance < 0 ? piece.Length : end + distance;
    }

    private void MergeKnownWord(ReadOnlySpan<byte> word, ModelScratch scratch)
    {
        if (word.Length > WordCache.LongestWord)
        {
            MergeWord(word, scratch);
            return;
        }
        var hash = WordCache.Hash(word);
        if (scratch.Words.TryGet(word, hash, scratch.Tokens))
            return;
        var first = scratch.Tokens.Count;
        MergeWord(word, scratch);
        scratch.Words.Set(word, hash, scratch.Tokens.Tokens[first..]);
    }

    private void MergeWord(ReadOnlySpan<byte> word, ModelScratch scratch)
    {
        var symbols = scratch.Merges;
        symbols.Clear();
        if (_byteIds is not null && _lastByteIds is not null)
        {
            foreach (var b in word[..^1])
                symbols.Add(_byteIds[b], 1);
            symbols.Add(_lastByteIds[word[^1]], 1);
        }
        else
        {
            AddCharacters(word, scratch);
        }
        symbols.Merge(_merges);
        // A character without a token leaves no symbol, and what follows then seems to start earlier: so it does in the
        // reference.
        var start = 0;
        foreach (ref readonly var symbol in symbols.Symbols)
        {
            scratch.Tokens.Add(symbol.Id, start, start + symbol.Length);
            start += symbol.Length;
        }
    }

    private void AddCharacters(ReadOnlySpan<byte> word, ModelScratch scratch)
    {
        var symbols = scratch.Merges;
        var unknownLength = 0; // of a symbol that is yet to be added
        for (var start = 0; start < word.Length;)
        {
            var end = start + Utf8.LengthOf(word[start]);
            var text = word[start..end];
            if (_hasAffixes)
                text = WithAffixes(text, start == 0, end == word.Length, scratch);
            var id = text.Length == 1 ? _asciiIds[text[0]] : Vocabulary.Find(text);
            if (id >= 0)
            {
                AddUnknown(symbols, ref unknownLength);
                symbols.Add(id, end - start);
            }
            else if (_fallback is not null && ByteFallback.Covers(_fallback, text))
            {
                // An unknown character before these bytes comes after them: so it does in the reference.
                foreach (var b in text)
                    symbols.Add(_fallback[b], 1);
            }
            else if (_options.HasUnknown)
            {
                if (_unknown < 0)
                    throw new MissingUnknownTokenException();
                if (!_options.FuseUnknown)
                    AddUnknown(symbols, ref unknownLength);
                unknownLength += end - start;
            }
            start = end;
        }
        AddUnknown(symbols, ref unknownLength);
    }

    private void AddUnknown(MergeList symbols, ref int length)
    {
        if (length > 0)
            symbols.Add(_unknown, length);
        length = 0;
    }

    private ReadOnlySpan<byte> WithAffixes(ReadOnlySpan<byte> character, bool first, bool last, ModelScratch scratch)
    {
        var prefix = first ? [] : _options.ContinuingPrefix;
        var suffix = last ? _options.EndSuffix : [];
        scratch.ReserveBytes(prefix.Length + character.Length + suffix.Length);
        var text = scratch.Bytes.AsSpan(0, prefix.Length + character.Length + suffix.Length);
        prefix.CopyTo(text);
        character.CopyTo(text[prefix.Length..]);
        suffix.CopyTo(text[(prefix.Length + character.Length)..]);
        return text;
    }

    private int FindWhole(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        if (_byteIds is null)
            return Vocabulary.Find(piece);
        if (piece.Length > Vocabulary.LongestToken)
            return -1;
        scratch.ReserveBytes(piece.Length * 2);
        var length = 0;
        foreach (var b in piece)
            length += Utf8.Write(scratch.Bytes.AsSpan(length), ByteCharacters.ToCharacter(b));
        return Vocabulary.Find(scratch.Bytes.AsSpan(0, length));
    }

    private int[]? FindBytes(ReadOnlySpan<byte> suffix)
    {
        var ids = new int[256];
        var token = new byte[2 + suffix.Length];
        for (var b = 0; b < ids.Length; b++)
        {
            var length = Utf8.Write(token, ByteCharacters.ToCharacter((byte)b));
            suffix.CopyTo(token.AsSpan(length));
            ids[b] = Vocabulary.Find(token.AsSpan(0, length + suffix.Length));
            if (ids[b] < 0)
                return null;
        }
        return ids;
    }
}
