using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Loading;
using Gpux.Runtime.Tokenizers.SentencePiece;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Tokenizers' files, changed at random: a typed error, or a tokenizer that works.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const string Text = "he hello ab<s> ÀB\u0301 12  😀|x\n";
    private static readonly byte[][] Words = [.. Array.ConvertAll((byte[])[0, 1, .. "\"{}[]:,09-"u8, 0x7F, 0x80, 0xC3, 0xFF], word => (byte[])[word]), .. new[] { "\\ud800", "null", "true" }.Select(Utf8)];

    public static TheoryData<string> Kinds => ["tokenizer.json", "tokenizer_config.json", "tokenizer.model", "spm_char.model", "ranks", "vocab.txt", "vocab.json", "merges.txt"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Changed_files_give_typed_errors_or_tokenizers(string kind) => Fuzzing.TenThousand(output, kind, () => Reader(kind));

    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Category", "Slow")]
    public void Many_changed_files_give_typed_errors_or_tokenizers(string kind) => Fuzzing.Million(output, kind, () => Reader(kind));

    private static Func<Chance, bool> Reader(string kind)
    {
        var originals = Originals(kind);
        var damage = new Damage([.. originals.Select(original => original.File)], int.MaxValue, Words);
        // The files beside do not change.
        var repositories = Array.ConvertAll(originals, original => original.Beside.ToDictionary(file => file.Name, file => file.Content));
        return chance =>
        {
            var (bytes, which) = damage.Next(chance);
            repositories[which][originals[which].Name] = [.. bytes];
            return IsUsable(repositories[which]);
        };
    }

    private static bool IsUsable(Dictionary<string, byte[]> repository)
    {
        try
        {
            var tokenizer = new Tokenizer(TokenizerLoader.Load(new RepositoryFiles(repository)));
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

    /// <param name="Beside">Other files of the repository.</param>
    private sealed record Original(string Name, byte[] File, params (string Name, byte[] Content)[] Beside);

    private static Original[] Originals(string kind)
    {
        string[] pieces = ["▁he", "▁", "h", "e", "l", "o", "he", "lo", "a", "b"];
        var vocabulary = ("vocab.json", Utf8("""{"<unk>":0,"h":1,"e":2,"he":3,"Ġ":4,"l":5,"Ġhe":6,"<|endoftext|>":7}"""));
        var merges = ("merges.txt", Utf8("#version: 0.2\nh e\nĠ he\n"));
        return kind switch
        {
            "tokenizer.json" => [.. Jsons.Select(json => new Original(kind, Utf8(json), MadeRepository.Class("")))],
            "tokenizer_config.json" =>
            [
                new(kind, Utf8("""
                    {"tokenizer_class":"BertTokenizer","added_tokens_decoder":{"1":{"content":"[C]","special":true,"lstrip":false},"6":{"content":"ab","normalized":true}},"model_max_length":512,
                    "unk_token":"[U]","cls_token":{"content":"[C]"},"padding_side":"left","do_lower_case":true,"strip_accents":null,"model_input_names":["input_ids"]}
                    """), ("tokenizer.json", Utf8(Jsons[1]))),
                new(kind, Utf8("""{"tokenizer_class":"LlamaTokenizerFast","add_bos_token":true,"add_eos_token":false,"bos_token":"<s>","eos_token":"he","legacy":false,"pad_token":null,"add_prefix_space":true}"""),
                    ("tokenizer.json", Utf8(Jsons[0]))),
                new(kind, Utf8("""{"tokenizer_class":"T5Tokenizer","extra_ids":3,"additional_special_tokens":["<a>","<b>"],"clean_up_tokenization_spaces":false,"truncation_side":"right","pad_token_type_id":1}"""),
                    ("spiece.model", MadeSentencePiece.Of(SentencePieceKind.Unigram, pieces).ToArray())),
            ],
            "tokenizer.model" =>
            [
                new(kind, MadeSentencePiece.Of(SentencePieceKind.Bpe, pieces).ToArray(), MadeRepository.Class("LlamaTokenizer")),
                new("spiece.model", MadeSentencePiece.Of(SentencePieceKind.Unigram, pieces).ToArray(), MadeRepository.Class("T5Tokenizer")),
            ],
            "spm_char.model" =>
            [
                new(kind, MadeSentencePiece.Of(SentencePieceKind.Bpe, pieces).Add("ab", 0, PieceType.UserDefined).ToArray(), MadeRepository.Class("SpeechT5Tokenizer")),
                new(kind, new MadeSentencePiece { RemoveExtraWhitespaces = false, SpaceIsSuffix = true }.With(pieces).ToArray(), MadeRepository.Class("SpeechT5Tokenizer")),
            ],
            "vocab.txt" => [new(kind, Utf8("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhe\n##llo\na\n##b\n1\n##2\nÀ\n"), MadeRepository.Class("BertTokenizer"))],
            "vocab.json" => [new(vocabulary.Item1, vocabulary.Item2, merges, MadeRepository.Class("GPT2Tokenizer"))],
            "merges.txt" => [new(merges.Item1, merges.Item2, vocabulary, MadeRepository.Class("GPT2Tokenizer"))],
            _ => [.. new[] { "tokenizer.model", "gpt2.tiktoken" }.Select(name => new Original(name, Ranks(), MadeRepository.Class("PreTrainedTokenizerFast")))],
        };
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static byte[] Ranks()
    {
        var ranks = new System.Text.StringBuilder();
        for (var b = 0; b < 128; b++)
            ranks.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Convert.ToBase64String([(byte)b])} {b}\n");
        return Utf8(ranks.Append("aGU= 128\nbG8= 129\n").ToString());
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
        """
        {"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFD"},{"type":"NFKC"},{"type":"Nmt"},{"type":"Strip","strip_left":true,"strip_right":true},{"type":"Prepend","prepend":"_"}]},
        "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation","behavior":"Isolated"},{"type":"Digits","individual_digits":true},{"type":"UnicodeScripts"},
        {"type":"CharDelimiterSplit","delimiter":"|"},{"type":"Whitespace"},{"type":"FixedLength","length":5}]},
        "post_processor":{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["he",1],"cls":["a",2]},{"type":"ByteLevel","trim_offsets":true}]},
        "decoder":{"type":"Sequence","decoders":[{"type":"CTC","pad_token":"<p>","word_delimiter_token":"|","cleanup":true},{"type":"BPEDecoder","suffix":"</w>"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}]},
        "model":{"type":"WordLevel","unk_token":"<u>","vocab":{"<u>":0,"he":1,"a":2,"hello":3,"|":4,"<p>":5,"_":6}}}
        """,
    ];
}
