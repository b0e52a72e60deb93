using System.Text.Json;
using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>model</c> of a tokenizer.json, read token by token without an object for each.</summary>
internal ref struct ModelReader
{
    private const int BytesAToken = 14; // of a JSON file, about: to size tables
    private const string ContinuingPrefix = "continuing_subword_prefix";
    private readonly ReadOnlySpan<byte> _json; // the whole file
    private readonly string _file;
    private readonly Dictionary<string, JsonDocument> _options = new(StringComparer.Ordinal);
    private byte[] _left = new byte[256];
    private byte[] _right = new byte[256];
    private Vocabulary? _vocabulary;
    private double[] _scores = [];
    private bool _isScored;
    private MergeTable? _merges;
    private int _mergesStart = -1; // of merges that stand before what they need
    private bool _crossMetaspace;

    private ModelReader(ReadOnlySpan<byte> json, string file)
    {
        _json = json;
        _file = file;
    }

    /// <param name="json">The whole file.</param>
    /// <param name="reader">Is at the model's first token, and then at its last.</param>
    public static Model Read(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, string file)
    {
        var model = new ModelReader(json, file);
        model.ReadFields(ref reader);
        return model.Build();
    }

    /// <summary>A file that is nothing but an object of tokens and ids.</summary>
    public static Vocabulary ReadVocabulary(ReadOnlySpan<byte> json, string file)
    {
        var reader = new ModelReader(json, file);
        var tokens = new Utf8JsonReader(json);
        tokens.Read();
        reader.ReadTokens(ref tokens);
        return reader._vocabulary!; // just read
    }

    private void ReadFields(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidTokenizerException(_file, "'model' is no object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("vocab"u8))
            {
                reader.Read();
                _isScored = reader.TokenType == JsonTokenType.StartArray;
                if (_isScored)
                    ReadScores(ref reader);
                else
                    ReadTokens(ref reader);
            }
            else if (reader.ValueTextEquals("merges"u8))
            {
                reader.Read();
                _mergesStart = (int)reader.TokenStartIndex;
                if (_vocabulary is not null && _options.ContainsKey(ContinuingPrefix))
                    ReadMerges(ref reader, _vocabulary);
                else
                    reader.Skip();
            }
            else
            {
                var name = reader.GetString()!; // a property's name
                reader.Read();
                _options[name] = JsonDocument.ParseValue(ref reader);
            }
        }
    }

    private void ReadTokens(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidTokenizerException(_file, "the vocabulary is no object");
        _vocabulary = new Vocabulary(Math.Max(16, _json.Length / BytesAToken));
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var token = Text(ref reader, ref _left);
            reader.Read();
            if (!reader.TryGetInt32(out var id))
                throw new InvalidTokenizerException(_file, "the vocabulary has a token without a whole id");
            _vocabulary.Add(token, id);
        }
    }

    private void ReadScores(ref Utf8JsonReader reader)
    {
        _vocabulary = new Vocabulary(Math.Max(16, _json.Length / BytesAToken));
        _scores = new double[1024];
        var count = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw new InvalidTokenizerException(_file, "the vocabulary has an entry that is no pair of token and score");
            var token = Text(ref reader, ref _left);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number)
                throw new InvalidTokenizerException(_file, "the vocabulary has a token without a score");
            if (count == _scores.Length)
                Array.Resize(ref _scores, count * 2);
            var score = ScoreNumber.Parse(reader.ValueSpan);
            if (double.IsInfinity(score))
                throw new InvalidTokenizerException(_file, "the vocabulary has a score that is too large for a number");
            _scores[count] = score;
            _vocabulary.Add(token, count++);
            reader.Read();
            if (reader.TokenType != JsonTokenType.EndArray)
                throw new InvalidTokenizerException(_file, "the vocabulary has an entry that is no pair of token and score");
        }
        Array.Resize(ref _scores, count);
    }

    private Model Build()
    {
        var vocabulary = _vocabulary ?? throw new InvalidTokenizerException(_file, "the model has no vocabulary");
        var type = Option("type", JsonValueKind.String)?.GetString() ?? GuessType();
        switch (type)
        {
            case not "Unigram" when _isScored:
                throw new InvalidTokenizerException(_file, "only a Unigram model has a list for a vocabulary");
            case "BPE":
                if (Option("dropout", JsonValueKind.Number) is { } dropout && dropout.GetDouble() > 0)
                    throw new UnsupportedTokenizerException("a BPE model with dropout");
                var options = new BpeOptions(OptionalBytes("unk_token"), OptionalBytes(ContinuingPrefix) ?? [],
                    OptionalBytes("end_of_word_suffix") ?? [], Flag("fuse_unk"), Flag("byte_fallback"), Flag("ignore_merges"));
                if (_merges is null && _mergesStart >= 0)
                {
                    var reader = new Utf8JsonReader(_json[_mergesStart..]);
                    reader.Read();
                    ReadMerges(ref reader, vocabulary);
                }
                return new BpeModel(vocabulary, _merges ?? new MergeTable(0), options, _crossMetaspace);
            case "WordPiece":
                return new WordPieceModel(vocabulary, OptionalBytes("unk_token") ?? "[UNK]"u8.ToArray(),
                    OptionalBytes(ContinuingPrefix) ?? "##"u8.ToArray(),
                    Option("max_input_chars_per_word", JsonValueKind.Number) is { } longest && longest.TryGetInt32(out var value) ? value : 100);
            case "WordLevel":
                return new WordLevelModel(vocabulary, OptionalBytes("unk_token") ?? "<unk>"u8.ToArray());
            case "Unigram":
                if (!_isScored)
                    throw new InvalidTokenizerException(_file, "a Unigram model needs scores");
                var unknown = Option("unk_id", JsonValueKind.Number) is { } id ? id.TryGetInt32(out var number) ? number : -1 : -1;
                if (unknown >= _scores.Length)
                    throw new InvalidTokenizerException(_file, "'unk_id' is behind the vocabulary's end");
                return new UnigramModel(vocabulary, _scores, unknown, Flag("byte_fallback"));
            default:
                throw new UnsupportedTokenizerException($"the model '{type}'");
        }
    }

    // Files from before tokenizers 0.9 do not name the type.
    private readonly string GuessType() =>
        _isScored ? "Unigram" : _mergesStart >= 0 ? "BPE" : _options.ContainsKey(ContinuingPrefix) ? "WordPiece" : "WordLevel";

    private void ReadMerges(ref Utf8JsonReader reader, Vocabulary vocabulary)
    {
        var prefix = OptionalBytes(ContinuingPrefix)?.Length ?? 0;
        _merges = new MergeTable(vocabulary.Count);
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new InvalidTokenizerException(_file, "'merges' is no array");
        for (var rank = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rank++)
        {
            scoped ReadOnlySpan<byte> left;
            scoped ReadOnlySpan<byte> right;
            if (reader.TokenType == JsonTokenType.String)
            {
                var both = Text(ref reader, ref _left);
                var space = both.IndexOf((byte)' ');
                if (space < 0)
                    throw new InvalidTokenizerException(_file, $"merge {rank} is no pair of tokens");
                left = both[..space];
                right = both[(space + 1)..];
            }
            else
            {
                left = Part(ref reader, rank, JsonTokenType.StartArray, ref _left);
                right = Part(ref reader, rank, JsonTokenType.String, ref _right);
                reader.Read();
                if (reader.TokenType != JsonTokenType.EndArray)
                    throw new InvalidTokenizerException(_file, $"merge {rank} is no pair of tokens");
            }
            Merges.Add(_merges, vocabulary, left, right, rank, prefix, _file, ref _crossMetaspace);
        }
    }

    private readonly ReadOnlySpan<byte> Part(ref Utf8JsonReader reader, int rank, JsonTokenType before, ref byte[] buffer)
    {
        if (reader.TokenType != before || !reader.Read() || reader.TokenType != JsonTokenType.String)
            throw new InvalidTokenizerException(_file, $"merge {rank} is no pair of tokens");
        return Text(ref reader, ref buffer);
    }

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        if (buffer.Length < reader.ValueSpan.Length)
            buffer = new byte[reader.ValueSpan.Length * 2];
        return buffer.AsSpan(0, reader.CopyString(buffer));
    }

    private readonly JsonElement? Option(string name, JsonValueKind kind)
    {
        if (!_options.TryGetValue(name, out var option) || option.RootElement.ValueKind == JsonValueKind.Null)
            return null;
        return option.RootElement.ValueKind == kind ? option.RootElement : throw new InvalidTokenizerException(_file, $"'{name}' of the model is no {kind}");
    }

    private readonly byte[]? OptionalBytes(string name) =>
        Option(name, JsonValueKind.String)?.GetString() is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : null;

    private readonly bool Flag(string name) => _options.TryGetValue(name, out var option) && option.RootElement.ValueKind == JsonValueKind.True;
}
