using Gpux.Runtime.Tokenizers;
using static Gpux.Runtime.Tests.MadeRepository;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Classes of transformers whose repositories have no tokenizer.json.</summary>
public sealed class ClassTests
{
    [Fact]
    public void Byt5_ends_a_text_once()
    {
        var tokenizer = Load(Class("ByT5Tokenizer"));
        Assert.Equal([107, 108, 1], tokenizer.Encode("hi").Ids);
        Assert.Equal([107, 108, 1], tokenizer.Encode("hi</s>").Ids);
        Assert.Equal("hi <extra_id_0>", tokenizer.Decode([107, 108, 259]));
        Assert.Equal("", tokenizer.Decode([3 + 0xC3])); // half a character
    }

    [Fact]
    public void Perceiver_counts_bytes_behind_its_special_tokens()
    {
        var tokenizer = Load(Class("PerceiverTokenizer"));
        Assert.Equal([4, 110, 5], tokenizer.Encode("h").Ids);
        Assert.Equal("h", tokenizer.Decode([4, 110, 5], new DecodeOptions { SkipSpecialTokens = true }));
    }

    [Fact]
    public void Canine_takes_code_points()
    {
        var tokenizer = Load(Class("CanineTokenizer"));
        Assert.Equal([0xE000, 'h', 0x1F600, 0xE001], tokenizer.Encode("h😀").Ids);
        Assert.Equal("h😀", tokenizer.Decode([0xE000, 'h', 0x1F600, 0xE001], new DecodeOptions { SkipSpecialTokens = true }));
    }

    [Fact]
    public void Ctrl_marks_parts_of_words()
    {
        var tokenizer = Load(
            Class("CTRLTokenizer"), Text("vocab.json", """{"<unk>":0,"he@@":1,"llo":2,"a":3,"h@@":4}"""), Text("merges.txt", "#version: 0.2\nh e\nl l\nll o</w>\n"));
        Assert.Equal([1, 2, 3, 0], tokenizer.Encode("hello a q").Ids);
        Assert.Equal("hello a", tokenizer.Decode([1, 2, 3]));
    }

    [Fact]
    public void Phobert_counts_from_its_special_tokens()
    {
        var tokenizer = Load(Class("PhobertTokenizer"), Text("vocab.txt", "xin 10\nch@@ 9\nào 8\n"), Text("bpe.codes", "x i 5\nxi n</w> 4\nà o</w> 3\nc h 2\n"));
        Assert.Equal([0, 4, 5, 6, 2], tokenizer.Encode("xin chào").Ids);
        Assert.Equal("xin chào", tokenizer.Decode([4, 5, 6]));
        Assert.Equal(7, tokenizer.MaskId);
    }

    [Theory]
    [InlineData("tokenizer.model", "12345", "123 45")] // cl100k cuts digits by threes
    [InlineData("gpt2.tiktoken", "12345", "12345")]
    public void Tiktoken_words_follow_the_file(string name, string text, string tokens)
    {
        var ranks = new System.Text.StringBuilder();
        for (var b = 0; b < 256; b++)
            ranks.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Convert.ToBase64String([(byte)b])} {b}\n");
        foreach (var (rank, token) in ((string[])["12", "45", "123", "1234", "12345"]).Index())
            ranks.Append(System.Globalization.CultureInfo.InvariantCulture, $"{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(token))} {256 + rank}\n");
        var tokenizer = Load(Class("PreTrainedTokenizerFast"), Text(name, ranks.ToString()));
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode(text).Tokens));
    }

    [Fact]
    public void Marian_takes_the_language_out_of_the_text()
    {
        var model = MadeSentencePiece.Of(Gpux.Runtime.Tokenizers.SentencePiece.SentencePieceKind.Unigram, "▁a", "▁b").ToArray();
        var tokenizer = Load(Class("MarianTokenizer"), ("source.spm", model), ("target.spm", model),
            Text("vocab.json", """{"</s>":0,"<unk>":1,">>fr<<":2,"▁a":3,"▁b":4,"<pad>":5}"""));
        Assert.Equal([2, 3, 4, 0], tokenizer.Encode(">>fr<< a b").Ids);
        Assert.Equal([3, 1, 0], tokenizer.Encode("a q", options: new EncodeOptions { IsTarget = true }).Ids);
        Assert.Equal("a b", tokenizer.Decode([3, 4, 0], new DecodeOptions { SkipSpecialTokens = true }));
    }

    [Theory]
    [InlineData("""{"model_type": "roberta"}""", "<s> a b </s>")]
    [InlineData("""{"model_type": "gpt2"}""", "a b")]
    [InlineData("""{"model_type": "gpt2", "tokenizer_class": "RobertaTokenizer"}""", "<s> a b </s>")]
    public void Class_that_no_tokenizer_config_names_is_that_of_the_model(string config, string tokens)
    {
        var tokenizer = Load(Text("config.json", config), Text("vocab.json", """{"<s>":0,"</s>":1,"a":2,"b":3,"<unk>":4,"<pad>":5,"<mask>":6,"<|endoftext|>":7}"""),
            Text("merges.txt", "#version: 0.2\n"));
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode("ab").Tokens));
    }

    [Fact]
    public void Class_that_tokenizer_config_names_goes_before_that_of_the_model()
    {
        var tokenizer = Load(Text("config.json", """{"model_type": "roberta"}"""), Class("GPT2Tokenizer"), Text("vocab.json", """{"a":0,"<|endoftext|>":1}"""),
            Text("merges.txt", "#version: 0.2\n"));
        Assert.Equal([0], tokenizer.Encode("a").Ids);
    }

    [Fact]
    public void Marian_is_known_by_its_model()
    {
        var model = MadeSentencePiece.Of(Gpux.Runtime.Tokenizers.SentencePiece.SentencePieceKind.Unigram, "▁a", "▁b").ToArray();
        var tokenizer = Load(Text("config.json", """{"model_type": "marian"}"""), Text("tokenizer_config.json", """{"source_lang": "en", "target_lang": "fr"}"""),
            ("source.spm", model), ("target.spm", model), Text("vocab.json", """{"</s>":0,"<unk>":1,"▁a":2,"▁b":3,"<pad>":4}"""));
        Assert.Equal([2, 3, 0], tokenizer.Encode("a b").Ids);
    }

    [Theory]
    [InlineData("{}", "a")] // whatever tokenizer.json says
    [InlineData("""{"add_prefix_space": true}""", "Ġa")]
    [InlineData("""{"tokenizer_class": "LayoutLMv3Tokenizer"}""", "Ġa")]
    [InlineData("""{"tokenizer_class": "TokenizersBackend", "add_prefix_space": false}""", "Ġa")]
    public void Space_before_a_text_is_for_tokenizer_config_to_say(string config, string tokens)
    {
        const string ByteLevel = """
            {"model":{"type":"BPE","vocab":{"a":0,"Ġa":1,"Ġ":2,"<s>":3,"</s>":4,"<unk>":5,"<pad>":6,"<mask>":7},"merges":["Ġ a"]},
             "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true}}
            """;
        Assert.Equal(tokens, string.Join(' ', Load(Text("tokenizer.json", ByteLevel), Text("tokenizer_config.json", config)).Encode("a").Tokens));
        Assert.Equal(["Ġa"], Load(Text("tokenizer.json", ByteLevel)).Encode("a").Tokens);
    }

    [Theory]
    [InlineData("{}", 1)]
    [InlineData("""{"pad_token": null}""", null)]
    [InlineData("""{"pad_token": "a"}""", 0)]
    public void Padding_token_that_nothing_else_names_is_that_of_tokenizer_json(string config, int? id)
    {
        const string Padded = """
            {"model":{"type":"WordLevel","vocab":{"a":0,"[P]":1,"<unk>":2},"unk_token":"<unk>"},
             "padding":{"strategy":"BatchLongest","direction":"Left","pad_id":1,"pad_type_id":0,"pad_token":"[P]","pad_to_multiple_of":null}}
            """;
        var tokenizer = Load(Text("tokenizer.json", Padded), Text("tokenizer_config.json", config));
        Assert.Equal(id, tokenizer.PadId);
        Assert.Equal(TokenSide.Left, tokenizer.PaddingSide);
    }

    [Theory]
    [InlineData("""{"extra_special_tokens": {"image_token": "<image>"}, "additional_special_tokens": ["<x>"]}""")]
    [InlineData("""{"extra_special_tokens": ["<image>", "<x>"]}""")]
    public void Special_tokens_may_have_names_of_their_own(string config)
    {
        const string Words = """{"model":{"type":"WordLevel","vocab":{"a":0,"<unk>":1},"unk_token":"<unk>"},"pre_tokenizer":{"type":"WhitespaceSplit"}}""";
        var tokenizer = Load(Text("tokenizer.json", Words), Text("tokenizer_config.json", config));
        Assert.Equal(["a", "<image>", "<x>"], tokenizer.Encode("a<image><x>").Tokens);
        Assert.Equal("a", tokenizer.Decode(tokenizer.Encode("a<image><x>").Ids, new DecodeOptions { SkipSpecialTokens = true }));
    }

    [Theory]
    [InlineData("right", "[CLS] a [QUESTION] . [SEP] b [SEP]")]
    [InlineData("left", "[CLS] a [SEP] b [QUESTION] . [SEP]")]
    public void Splinter_asks_behind_the_question(string side, string tokens)
    {
        var tokenizer = Load(Text("tokenizer_config.json", $$"""{"tokenizer_class": "SplinterTokenizer", "padding_side": "{{side}}"}"""),
            Text("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n[QUESTION]\n.\na\nb\n"));
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode("a", "b").Tokens));
        Assert.Equal(["[CLS]", "a", "[SEP]"], tokenizer.Encode("a").Tokens);
        Assert.Equal(["[CLS]", "[QUESTION]", "[SEP]"], tokenizer.Encode("[QUESTION]").Tokens);
    }

    [Fact]
    public void Herbert_joins_the_ends_of_words()
    {
        var tokenizer = Load(Class("HerbertTokenizerFast"), Text("vocab.json", """{"<s>":0,"</s>":1,"<unk>":2,"<pad>":3,"<mask>":4,"A":5,"b</w>":6,"Ab</w>":7,"b":8}"""),
            Text("merges.txt", "#version: 0.2\nA b</w>\n"));
        Assert.Equal([0, 7, 6, 1], tokenizer.Encode("Ab b").Ids); // cased
        Assert.Equal("Ab b", tokenizer.Decode([7, 6]));
    }

    [Fact]
    public void Words_of_a_dictionary_are_refused_whatever_tokenizer_json_says()
    {
        const string WordPiece = """{"model":{"type":"WordPiece","vocab":{"[UNK]":0,"a":1},"unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100}}""";
        Assert.Contains("jieba", Assert.Throws<UnsupportedTokenizerException>(() => Load(Text("tokenizer.json", WordPiece), Class("RoFormerTokenizerFast"))).Message);
    }

    [Fact]
    public void Class_with_rules_of_its_own_is_refused_by_name()
    {
        var refusal = Assert.Throws<UnsupportedTokenizerException>(() => Load(Class("XLMTokenizer"), Text("vocab.json", "{}"), Text("merges.txt", "")));
        Assert.Contains("XLMTokenizer", refusal.What, StringComparison.Ordinal);
    }
}
