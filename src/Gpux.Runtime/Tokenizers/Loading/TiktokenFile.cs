using System.Buffers;
using System.Buffers.Text;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>A rank file of tiktoken: a token in base64 and its rank a line; tokens are merged whose joined bytes have the lowest rank.</summary>
/// <remarks>Source: tiktoken 0.8; the expressions are those of its encodings, and cl100k_base's where the name of the file says nothing, as in
/// transformers 4.57.1, TikTokenConverter.</remarks>
internal static class TiktokenFile
{
    private const int LongestToken = 1 << 12; // bytes; its halves are all looked up

    private const string Gpt2Words = @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Cl100kWords =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string O200kWords =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        + @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The names that rank files have in repositories; others than the first may be of any model.</summary>
    public static ReadOnlySpan<string> Names => new[]
    {
        "tokenizer.model", "tiktoken.model", "vocab.tiktoken", "qwen.tiktoken", "cl100k_base.tiktoken", "o200k_base.tiktoken", "r50k_base.tiktoken",
        "p50k_base.tiktoken", "gpt2.tiktoken", "multilingual.tiktoken",
    };

    /// <summary>Whether a file is of this kind: SentencePiece models start with a byte that base64 does not have.</summary>
    public static bool IsOne(ReadOnlySpan<byte> file) => !file.IsEmpty && (char.IsAsciiLetterOrDigit((char)file[0]) || file[0] is (byte)'+' or (byte)'/');

    public static TokenizerParts Read(ReadOnlySpan<byte> file, string name, TokenizerConfig config)
    {
        var vocabulary = ReadRanks(file, name);
        var options = new BpeOptions(null, [], [], FuseUnknown: false, ByteFallback: false, IgnoreMerges: true);
        var words = name switch
        {
            "r50k_base.tiktoken" or "p50k_base.tiktoken" or "gpt2.tiktoken" => Gpt2Words,
            "o200k_base.tiktoken" => O200kWords,
            _ => Cl100kWords,
        };
        return new TokenizerParts(new BpeModel(vocabulary, MergesOf(vocabulary), options, mergesCrossMetaspace: true))
        {
            PreTokenizer = new SequencePreTokenizer(
            [
                new SplitPreTokenizer(RegexPattern.Parse(words), SplitBehavior.Isolated),
                new ByteLevelPreTokenizer(config.Flag("add_prefix_space") ?? false, useRegex: false),
            ]),
            Decoder = new ByteLevelDecoder(),
        };
    }

    // Bytes are written as byte-level vocabularies write them.
    private static Vocabulary ReadRanks(ReadOnlySpan<byte> file, string name)
    {
        var vocabulary = new Vocabulary(file.Length / 16);
        var bytes = new byte[LongestToken];
        var text = new byte[LongestToken * 2];
        for (var line = 1; !file.IsEmpty; line++)
        {
            var entry = VocabularyText.NextLine(ref file);
            if (entry.IsEmpty)
                continue;
            var space = entry.IndexOf((byte)' ');
            if (space < 0 || Base64.DecodeFromUtf8(entry[..space], bytes, out _, out var count) != OperationStatus.Done
                || !Utf8Parser.TryParse(entry[(space + 1)..], out int rank, out var used) || space + 1 + used != entry.Length || count == 0)
                throw new InvalidTokenizerException(name, $"line {line} is no token in base64 and its rank");
            var length = 0;
            foreach (var b in bytes.AsSpan(0, count))
                length += Utf8.Write(text.AsSpan(length), ByteCharacters.ToCharacter(b));
            try
            {
                vocabulary.Add(text.AsSpan(0, length), rank);
            }
            catch (InvalidDataException damage)
            {
                throw new InvalidTokenizerException(name, damage.Message, damage);
            }
        }
        return vocabulary;
    }

    private static MergeTable MergesOf(Vocabulary vocabulary)
    {
        var merges = new MergeTable(vocabulary.Count * 2);
        for (var rank = 0; rank <= vocabulary.LastId; rank++)
        {
            var token = vocabulary.TokenOf(rank);
            for (var cut = 0; cut < token.Length;)
            {
                cut += Utf8.LengthOf(token[cut]);
                if (cut < token.Length && vocabulary.Find(token[..cut]) is var left and >= 0 && vocabulary.Find(token[cut..]) is var right and >= 0)
                    merges.Add(left, right, rank, rank);
            }
        }
        return merges;
    }
}
