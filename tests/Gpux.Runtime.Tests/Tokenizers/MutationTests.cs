using System.Collections.Concurrent;
using Gpux.Runtime.Tokenizers.SentencePiece;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Tokenizers' files, changed at random: a typed error, or a tokenizer that works.</summary>
public sealed class MutationTests(ITestOutputHelper output) : IDisposable
{
    private const string Text = "he hello ab<s> ÀB\u0301 12  😀|x\n";
    private static readonly byte[][] Words = Array.ConvertAll((byte[])[0, 1, .. "\"{}[]:,09-"u8, 0x7F, 0x80, 0xC3, 0xFF], word => (byte[])[word]);

    private readonly ConcurrentBag<MadeRepository> _repositories = [];

    public static TheoryData<string> Kinds => ["tokenizer.json", "tokenizer.model", "spm_char.model", "ranks"];

    public void Dispose()
    {
        foreach (var repository in _repositories)
            repository.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Changed_files_give_typed_errors_or_tokenizers(string kind) => Fuzzing.TenThousand(output, kind, () => Reader(kind));

    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Category", "Slow")]
    public void Many_changed_files_give_typed_errors_or_tokenizers(string kind) => Fuzzing.Million(output, kind, () => Reader(kind));

    private Func<Random, bool> Reader(string kind)
    {
        var originals = Originals(kind);
        var damage = new Damage([.. originals.Select(original => original.File)], int.MaxValue, Words);
        // The configurations do not change.
        var repositories = Array.ConvertAll(originals, original =>
        {
            var repository = new MadeRepository();
            _repositories.Add(repository);
            repository.Write(("tokenizer_config.json", original.Config));
            return repository;
        });
        return random =>
        {
            var (bytes, which) = damage.Next(random);
            return IsUsable(repositories[which], originals[which].Name, [.. bytes]);
        };
    }

    private static bool IsUsable(MadeRepository repository, string name, byte[] file)
    {
        try
        {
            repository.Write((name, file));
            var tokenizer = repository.Load(only: name);
            var encoding = tokenizer.Encode(Text, "pair");
            tokenizer.Decode(encoding.Ids);
            tokenizer.Decode([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 200, -1, int.MaxValue]);
            return true;
        }
        catch (GpuxException)
        {
            return false;
        }
    }

    private static (byte[] Config, string Name, byte[] File)[] Originals(string kind)
    {
        string[] pieces = ["▁he", "▁", "h", "e", "l", "o", "he", "lo", "a", "b"];
        return kind switch
        {
            "tokenizer.json" => [.. Jsons.Select(json => (Config(""), "tokenizer.json", System.Text.Encoding.UTF8.GetBytes(json)))],
            "tokenizer.model" =>
            [
                (Config("LlamaTokenizer"), "tokenizer.model", MadeSentencePiece.Of(SentencePieceKind.Bpe, pieces).ToArray()),
                (Config("T5Tokenizer"), "spiece.model", MadeSentencePiece.Of(SentencePieceKind.Unigram, pieces).ToArray()),
            ],
            "spm_char.model" =>
            [
                (Config("SpeechT5Tokenizer"), kind, MadeSentencePiece.Of(SentencePieceKind.Bpe, pieces).Add("ab", 0, PieceType.UserDefined).ToArray()),
                (Config("SpeechT5Tokenizer"), kind, new MadeSentencePiece { RemoveExtraWhitespaces = false, SpaceIsSuffix = true }.With(pieces).ToArray()),
            ],
            _ => [(Config("PreTrainedTokenizerFast"), "tokenizer.model", Ranks())],
        };
    }

    private static byte[] Config(string name) => MadeRepository.Class(name).Content;

    private static byte[] Ranks()
    {
        var ranks = new System.Text.StringBuilder();
        for (var b = 0; b < 256; b++)
            ranks.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Convert.ToBase64String([(byte)b])} {b}\n");
        return System.Text.Encoding.UTF8.GetBytes(ranks.Append("aGU= 256\nbG8= 257\n").ToString());
    }

    private static readonly string[] Jsons =
    [
        """
        {"added_tokens":[{"id":0,"content":"<s>","lstrip":true,"rstrip":true,"single_word":false,"normalized":false,"special":true}],
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKD"},{"type":"StripAccents"},{"type":"Lowercase"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{L}+|\\p{N}{1,3}|(?!x)."},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":false}]},
        "post_processor":{"type":"RobertaProcessing","sep":["<s>",0],"cls":["<s>",0],"trim_offsets":true,"add_prefix_space":true},"decoder":{"type":"ByteLevel"},
        "truncation":{"direction":"Right"},"padding":{"direction":"Left"},
        "model":{"type":"BPE","unk_token":"<s>","fuse_unk":true,"vocab":{"<s>":0,"h":1,"e":2,"he":3,"Ġ":4,"l":5,"Ġhe":6},"merges":["h e",["Ġ","he"]]}}
        """,
        """
        {"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[C]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[C]":{"id":"[C]","ids":[1],"tokens":["[C]"]}}},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[U]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[U]":0,"[C]":1,"he":2,"##llo":3,"a":4,"##b":5}}}
        """,
        """
        {"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true},
        "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
        "model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0],["▁he",-1.5],["l",-2],["o",-3.25],["<0xC3>",-9],["▁",-4]]}}
        """,
    ];
}
