using System.Collections.Concurrent;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Encodings;
using Gpux.Runtime.Tokenizers.Loading;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Tokenizers;

/// <summary>Turns text into the tokens of a model and back, exactly as the model's publisher does. Safe for many threads.</summary>
/// <remarks>Reference: tokenizers 0.22.2 with the changes that transformers 4.57.1 makes when it loads a repository's files.</remarks>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly TextPipeline _pipeline;
    private readonly TextPipeline _targetPipeline; // for texts in the target language
    private readonly ConcurrentBag<PipelineScratch> _idle = [];
    private PipelineScratch? _lastIdle; // most callers are one thread

    internal Tokenizer(TokenizerParts parts)
    {
        _parts = parts;
        parts.Added.Seal(parts.Normalizer);
        _pipeline = PipelineOf(parts.PreTokenizer, parts.Model);
        _targetPipeline = parts.Target is { } target ? PipelineOf(target.PreTokenizer, target.Model) : _pipeline;
        PadId = IdOf(parts.Special.Pad);
        MaskId = IdOf(parts.Special.Mask);
        ClsId = IdOf(parts.Special.Cls);
        SepId = IdOf(parts.Special.Sep);
        BosId = IdOf(parts.Special.Bos);
        EosId = IdOf(parts.Special.Eos);
        UnkId = IdOf(parts.Special.Unk);
    }

    /// <summary>One more than the highest id, added tokens included.</summary>
    public int VocabularySize => _parts.Added.Size;

    /// <summary>Null here and below: the tokenizer has no token for this.</summary>
    public int? PadId { get; }

    public int? MaskId { get; }

    public int? ClsId { get; }

    public int? SepId { get; }

    public int? BosId { get; }

    public int? EosId { get; }

    public int? UnkId { get; }

    /// <summary>Tokens that the model takes at most; null: the repository names no limit.</summary>
    public int? ModelMaxLength => _parts.ModelMaxLength;

    public TokenSide PaddingSide => _parts.PaddingSide;

    public TokenSide TruncationSide => _parts.TruncationSide;

    /// <summary>The repository's <c>tokenizer_class</c>, or that of the model's family; empty if neither tells.</summary>
    public string Class => _parts.Class;

    /// <summary>The model inputs that the tokenizer makes: of <c>input_ids</c>, <c>token_type_ids</c> and <c>attention_mask</c>.</summary>
    public IReadOnlyList<string> ModelInputNames => _parts.ModelInputNames;

    /// <summary>Loads the tokenizer of a repository.</summary>
    /// <param name="pathOf">The local path of a repository's file, or null if it has no such file.</param>
    /// <exception cref="TokenizerNotFoundException">The repository has no tokenizer.</exception>
    /// <exception cref="InvalidTokenizerException">A file is damaged.</exception>
    /// <exception cref="UnsupportedTokenizerException">The tokenizer is of a kind that GPUX does not have.</exception>
    public static Tokenizer Load(Func<string, string?> pathOf) => new(TokenizerLoader.Load(pathOf));

    /// <inheritdoc cref="Load"/>
    /// <param name="folder">The repository's files.</param>
    public static Tokenizer LoadFolder(string folder) => Load(FilesOf(folder));

    /// <summary>The same, with what version 5 of transformers does in another way.</summary>
    internal static Tokenizer LoadFolderAsVersion5(string folder)
    {
        var parts = TokenizerLoader.Load(FilesOf(folder));
        parts.CanCleanUp &= parts.Model is not BpeModel;
        return new Tokenizer(parts);
    }

    private static Func<string, string?> FilesOf(string folder) =>
        name => Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;

    /// <summary>The id of a token; null if the vocabulary lacks it.</summary>
    public int? IdOf(string? token) => token is not null && _parts.Added.Find(token) is var id and >= 0 ? id : null;

    /// <summary>What an id stands for, as the vocabulary writes it; null if there is no such id.</summary>
    public string? TokenOf(int id)
    {
        if (_parts.Added.TokenOf(id) is { } added)
            return added.Content;
        return _parts.Model.Has(id) ? System.Text.Encoding.UTF8.GetString(_parts.Model.TextOf(id)) : null;
    }

    /// <summary>Whether decoding can leave the token out.</summary>
    public bool IsSpecial(int id) => _parts.Added.TokenOf(id) is { } token && _parts.Added.IsSpecial(token.Content);

    /// <summary>Tokenizes a text, or two that the model reads together.</summary>
    /// <exception cref="TruncationException">The wanted truncation is not possible.</exception>
    public Encoding Encode(string text, string? pair = null, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var wanted = options ?? EncodeOptions.Default;
        return Pad([Encode(new TextInput(text), pair is null ? null : new TextInput(pair), wanted)], wanted)[0];
    }

    /// <summary>Tokenizes words one by one; <see cref="Encoding.WordIds"/> are their numbers.</summary>
    /// <exception cref="TruncationException">The wanted truncation is not possible.</exception>
    public Encoding EncodeWords(IReadOnlyList<string> words, IReadOnlyList<string>? pairWords = null, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(words);
        var wanted = options ?? EncodeOptions.Default;
        return Pad([Encode(new TextInput(words), pairWords is null ? null : new TextInput(pairWords), wanted)], wanted)[0];
    }

    /// <summary>Tokenizes texts one by one and, if asked, brings them to one length.</summary>
    public IReadOnlyList<Encoding> EncodeBatch(IReadOnlyList<string> texts, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var wanted = options ?? EncodeOptions.Default;
        var windows = new List<TokenWindow>(texts.Count);
        foreach (var text in texts)
            windows.Add(Encode(new TextInput(text), null, wanted));
        return Pad(windows, wanted);
    }

    /// <inheritdoc cref="EncodeBatch(IReadOnlyList{string}, EncodeOptions?)"/>
    public IReadOnlyList<Encoding> EncodeBatch(IReadOnlyList<(string Text, string? Pair)> texts, EncodeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var wanted = options ?? EncodeOptions.Default;
        var windows = new List<TokenWindow>(texts.Count);
        foreach (var (text, pair) in texts)
            windows.Add(Encode(new TextInput(text), pair is null ? null : new TextInput(pair), wanted));
        return Pad(windows, wanted);
    }

    /// <summary>Adds the ids of a text to a list; allocates nothing once the list and the tokenizer have grown to their sizes.</summary>
    public void EncodeIds(ReadOnlySpan<char> text, IdList ids, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var scratch = Rent();
        var start = ids.Count;
        try
        {
            foreach (var part in _parts.PostProcessor.Single)
            {
                if (part.IsText)
                    _pipeline.AppendIds(text, scratch, ids);
                else if (addSpecialTokens && !(part.OnlyIfMissing && ids.Ids[start..].EndsWith(part.Ids)))
                    part.Ids.CopyTo(ids.Extend(part.Ids.Length));
            }
        }
        finally
        {
            Return(scratch);
        }
    }

    /// <summary>How many tokens a text has.</summary>
    public int CountTokens(ReadOnlySpan<char> text, bool addSpecialTokens = true)
    {
        var scratch = Rent();
        try
        {
            scratch.Ids.Clear();
            _pipeline.AppendIds(text, scratch, scratch.Ids);
            return scratch.Ids.Count + (addSpecialTokens ? _parts.PostProcessor.AddedTokens(isPair: false) : 0);
        }
        finally
        {
            Return(scratch);
        }
    }

    /// <summary>The text that ids stand for. Ids that the vocabulary lacks are left out.</summary>
    public string Decode(ReadOnlySpan<int> ids, DecodeOptions? options = null)
    {
        var wanted = options ?? DecodeOptions.Default;
        if (wanted.SkipSpecialTokens && _parts.Whisper is { } whisper)
            ids = whisper.WithoutPrompt(ids);
        return Finish(DecodeParts(ids, wanted), wanted);
    }

    /// <summary>The text of a speech model's frames, each given by the id of its most probable token, and when each character and word was heard.</summary>
    /// <exception cref="InvalidOperationException">The tokenizer is not of a CTC model.</exception>
    public CtcText DecodeFrames(ReadOnlySpan<int> ids, DecodeOptions? options = null)
    {
        var wanted = options ?? DecodeOptions.Default;
        var frames = _parts.Frames ?? throw new InvalidOperationException("The tokenizer is not of a CTC model.");
        var text = frames.Read(TextsOf(ids, wanted), wanted.GroupRepeats);
        return text with { Text = Finish(text.Text, wanted) };
    }

    /// <summary>What Whisper wrote between its time stamps; empty if it wrote none.</summary>
    /// <exception cref="InvalidOperationException">The tokenizer is not Whisper's.</exception>
    public IReadOnlyList<WhisperSegment> DecodeSegments(ReadOnlySpan<int> ids) => Whisper.Segments(ids, part =>
        DecodeParts(part, DecodeOptions.Default));

    /// <summary>The ids that Whisper's answer starts with: they choose language, task and whether it writes time stamps.</summary>
    /// <param name="language">Its code or English name; null: the model finds out.</param>
    /// <param name="task"><c>transcribe</c> or <c>translate</c>; null: the model finds out.</param>
    /// <exception cref="ArgumentException">The tokenizer has no such language or task.</exception>
    /// <exception cref="InvalidOperationException">The tokenizer is not Whisper's.</exception>
    public int[] SpeechPrompt(string? language = null, string? task = null, bool withTimestamps = false) =>
        Whisper.Prompt(language, task, withTimestamps);

    private WhisperTokens Whisper => _parts.Whisper ?? throw new InvalidOperationException("The tokenizer is not Whisper's.");

    /// <summary>Whether ids stand for frames of speech, so that <see cref="DecodeFrames"/> works.</summary>
    public bool IsCtc => _parts.Frames is not null;

    /// <summary>The id of the token that marks a language (<c>en</c>, <c>eng_Latn</c>, as the model names them); null: there is none.</summary>
    public int? LanguageId(string language) => IdOf(_parts.LanguageToken?.Invoke(language) ?? language);

    /// <summary>The text of tokens that are given as the vocabulary writes them; words of plain text may be among them.</summary>
    public string DecodeTokens(IReadOnlyList<string> tokens)
    {
        if (_parts.Decoder is not { } decoder)
            return string.Join(' ', tokens);
        var texts = new TokenTexts();
        foreach (var token in tokens)
            texts.Add(System.Text.Encoding.UTF8.GetBytes(token));
        if (texts.Count > 0)
            decoder.Decode(texts);
        return System.Text.Encoding.UTF8.GetString(texts.Joined);
    }

    /// <summary>Whether tokens that continue a word are written with a prefix, such as ##.</summary>
    public bool HasSubwordPrefix => _parts.Model.HasSubwordPrefix;

    /// <summary>Starts to decode ids that come one by one.</summary>
    public StreamingDecoder DecodeStream(DecodeOptions? options = null) => new(this, options ?? DecodeOptions.Default);

    /// <summary>The text of ids before what only the whole text decides.</summary>
    internal string DecodeParts(ReadOnlySpan<int> ids, DecodeOptions options)
    {
        var texts = TextsOf(ids, options);
        if (_parts.Decoder is null && _parts.Frames is { } frames)
            return frames.Read(texts, options.GroupRepeats).Text;
        if (_parts.Decoder is { } decoder)
        {
            if (texts.Count > 0)
                decoder.Decode(texts);
            return System.Text.Encoding.UTF8.GetString(texts.Joined);
        }
        for (var i = 0; i < texts.Count; i++)
        {
            if (i > 0)
                texts.Write((byte)' ');
            texts.Write(texts[i]);
        }
        texts.End();
        texts.Commit();
        return System.Text.Encoding.UTF8.GetString(texts.Joined);
    }

    private TextPipeline PipelineOf(PreTokenizer? preTokenizer, Model model) =>
        new(_parts.Normalizer, preTokenizer, model, _parts.Added) { WritesSpaces = _parts.PythonSize is null };

    private TokenTexts TextsOf(ReadOnlySpan<int> ids, DecodeOptions options)
    {
        var texts = new TokenTexts();
        foreach (var id in ids)
        {
            if (HasText(id, options))
                texts.Add(TextOf(id));
        }
        return texts;
    }

    internal string Finish(string text, DecodeOptions options)
    {
        if (_parts.WordSuffix is { } suffix)
            text = PythonText.Strip(text.Replace(suffix, " ", StringComparison.Ordinal));
        if (CleansUp(options))
            text = CleanUp.OfText(text);
        if (_parts.Whisper is not { } whisper)
            return text;
        text = whisper.Normalize(text, options.Normalization);
        return options.WithTimestamps ? text : Timestamps.Remove(text);
    }

    private bool CleansUp(DecodeOptions options) => _parts.CanCleanUp && (options.CleanUpSpaces ?? _parts.CleanUpSpaces);

    /// <summary>Whether an id is a token that decoding does not leave out.</summary>
    internal bool HasText(int id, DecodeOptions options) =>
        (_parts.Added.TokenOf(id) is not null || _parts.Model.Has(id)) && !(options.SkipSpecialTokens && IsSpecial(id));

    internal Decoder? Decoder => _parts.Decoder;

    /// <summary>Whether text before a place can change <see cref="Finish"/> of what follows.</summary>
    internal bool Finishes(DecodeOptions options) =>
        _parts.WordSuffix is not null || CleansUp(options) || (_parts.Whisper is not null && !options.WithTimestamps);

    internal ReadOnlySpan<byte> TextOf(int id) => _parts.Added.TokenOf(id) is { } added
        ? System.Text.Encoding.UTF8.GetBytes(added.Content)
        : _parts.Model.TextOf(id);

    private TokenWindow Encode(TextInput text, TextInput? pair, EncodeOptions options)
    {
        var scratch = Rent();
        try
        {
            var row = scratch.Row;
            row.Clear();
            var pipeline = options.IsTarget ? _targetPipeline : _pipeline;
            text.AppendTo(pipeline, scratch, 0, options.WithOffsets);
            var first = row.Count;
            pair?.AppendTo(pipeline, scratch, 1, options.WithOffsets);
            var language = options.TargetLanguage ?? options.SourceLanguage;
            var processor = language is not null && _parts.ForLanguage is { } forLanguage ? forLanguage(language) : _parts.PostProcessor;
            var assembler = new TokenAssembler(processor, options, ModelMaxLength, TruncationSide, _parts.PythonSize is not null, Utf8Of);
            return assembler.Assemble(row.Entries[..first], pair is null ? default : row.Entries[first..], pair is not null);
        }
        finally
        {
            Return(scratch);
        }
    }

    private Encoding[] Pad(List<TokenWindow> rows, EncodeOptions options)
    {
        if (options.Padding is { } padding)
        {
            if (PadId is not { } pad)
                throw new ArgumentException("The tokenizer has no padding token.", nameof(options));
            TokenPadder.Pad(rows, padding, padding.Side ?? PaddingSide, TokenEntry.Special(pad, _parts.PaddingTypeId, null, isPadding: true));
        }
        var encodings = new Encoding[rows.Count];
        for (var i = 0; i < encodings.Length; i++)
            encodings[i] = rows[i].ToEncoding(options.WithOffsets, WriteToken);
        return encodings;
    }

    private ReadOnlySpan<byte> Utf8Of(in TokenEntry entry) =>
        entry.Text is null ? TextOf(entry.Id) : System.Text.Encoding.UTF8.GetBytes(entry.Text);

    private string WriteToken(int id, string? text) => text ?? TokenOf(id) ?? "";

    private PipelineScratch Rent() =>
        Interlocked.Exchange(ref _lastIdle, null) ?? (_idle.TryTake(out var scratch) ? scratch : new PipelineScratch());

    private void Return(PipelineScratch scratch)
    {
        scratch.Row.Clear();
        if (Interlocked.CompareExchange(ref _lastIdle, scratch, null) is not null)
            _idle.Add(scratch);
    }
}
