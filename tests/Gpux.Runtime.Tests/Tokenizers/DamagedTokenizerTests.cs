using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Loading;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Damaged and hostile files give typed errors, or a tokenizer that works.</summary>
public sealed class DamagedTokenizerTests
{
    [Fact]
    public void Cut_file_is_refused()
    {
        var file = File.ReadAllBytes(Path.Combine(TokenizerCases.Extract, "gpt2", "repo", "tokenizer.json"));
        for (var length = 0; length < file.Length; length += file.Length / 97)
            Assert.Throws<InvalidTokenizerException>(() => TokenizerJson.Read(file.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("""{"model":{"type":"Magic","vocab":{}}}""", "Magic")]
    [InlineData("""{"normalizer":{"type":"Shout"},"model":{"type":"WordLevel","vocab":{},"unk_token":"x"}}""", "Shout")]
    [InlineData("""{"pre_tokenizer":{"type":"Chop"},"model":{"type":"WordLevel","vocab":{},"unk_token":"x"}}""", "Chop")]
    [InlineData("""{"decoder":{"type":"Morse"},"model":{"type":"WordLevel","vocab":{},"unk_token":"x"}}""", "Morse")]
    [InlineData("""{"post_processor":{"type":"Glue"},"model":{"type":"WordLevel","vocab":{},"unk_token":"x"}}""", "Glue")]
    [InlineData("""{"model":{"type":"BPE","dropout":0.1,"vocab":{},"merges":[]}}""", "dropout")]
    public void Unknown_component_is_refused_by_name(string json, string name)
    {
        var refusal = Assert.Throws<UnsupportedTokenizerException>(() => TokenizerJson.Read(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.Contains(name, refusal.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":-1}}}""")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":2147483647}}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":7}}""")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["\ud800",0]],"unk_id":0}}""")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":[]}}""")]
    [InlineData("""{"added_tokens":[{"id":0}],"model":{"type":"WordLevel","vocab":{}}}""")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],"pair":[],"special_tokens":{}},"model":{"type":"WordLevel","vocab":{}}}""")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"model":{"type":"WordLevel","vocab":{}}}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void Contradiction_is_refused(string json) =>
        Assert.Throws<InvalidTokenizerException>(() => TokenizerJson.Read(System.Text.Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("\"model_input_names\":[1]")]
    [InlineData("\"bos_token\":\"\\ud800\"")]
    [InlineData("\"padding_side\":\"\\ud800\"")]
    public void Damaged_configuration_is_refused(string field) => Assert.Throws<InvalidTokenizerException>(() =>
        MadeRepository.Load(MadeRepository.Class("BertTokenizer", field), MadeRepository.Text("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")));

    [Fact]
    public void Deep_nesting_is_refused()
    {
        var json = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 10_000));
        Assert.Throws<InvalidTokenizerException>(() => TokenizerJson.Read(System.Text.Encoding.UTF8.GetBytes($$"""{"normalizer":{{json}}""")));
    }

    [Fact]
    public void Repository_without_a_tokenizer_is_named() => Assert.Throws<TokenizerNotFoundException>(() => Tokenizer.Load(_ => null));
}
