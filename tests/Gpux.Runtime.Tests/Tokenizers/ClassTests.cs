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

    [Fact]
    public void Class_with_rules_of_its_own_is_refused_by_name()
    {
        var refusal = Assert.Throws<UnsupportedTokenizerException>(() => Load(Class("XLMTokenizer"), Text("vocab.json", "{}"), Text("merges.txt", "")));
        Assert.Contains("XLMTokenizer", refusal.What, StringComparison.Ordinal);
    }
}
