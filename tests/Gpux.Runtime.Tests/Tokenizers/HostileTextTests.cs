using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Loading;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Texts and files that make careless algorithms quadratic: with one of those these tests never end.</summary>
public sealed class HostileTextTests
{
    private const int Million = 1_000_000;

    [Theory]
    [InlineData("bert-uncased", Million)]
    [InlineData("gpt2", Million)]
    [InlineData("llama2", Million)]
    [InlineData("unigram-byte-fallback", Million)]
    [InlineData("marian", Million)]
    [InlineData("wordlevel", Million)]
    public void Long_word_takes_time_in_proportion(string name, int length)
    {
        var tokenizer = Tokenizer.LoadFolder(Path.Combine(TokenizerCases.Extract, name, "repo"));
        foreach (var text in (string[])[new string('a', length), string.Concat(Enumerable.Repeat("ab", length / 2)), new string('\u0301', length), new string(' ', length)])
        {
            var ids = new IdList();
            tokenizer.EncodeIds(text, ids);
            Assert.InRange(ids.Count, 0, length * 4);
        }
    }

    [Theory]
    [InlineData("bert-uncased")]
    [InlineData("gpt2")]
    [InlineData("unigram-byte-fallback")]
    [Trait("Category", "Slow")]
    public void Ten_megabytes_in_one_word_are_read(string name) => Long_word_takes_time_in_proportion(name, 10 * Million);

    [Fact]
    public void Lone_surrogates_are_replacement_characters()
    {
        foreach (var name in (string[])["bert-uncased", "gpt2", "llama2", "unigram-byte-fallback"])
        {
            var tokenizer = Tokenizer.LoadFolder(Path.Combine(TokenizerCases.Extract, name, "repo"));
            var encoding = tokenizer.Encode("a\uD800b\uDC00 \uD83D");
            Assert.Equal(tokenizer.Encode("a\uFFFDb\uFFFD \uFFFD").Ids, encoding.Ids);
            Assert.All(encoding.Offsets.ToArray(), range => Assert.InRange(range.End, range.Start, 6));
        }
    }

    [Fact]
    public void Many_added_tokens_are_found()
    {
        var tokenizer = new Tokenizer(TokenizerJson.Read(WithAddedTokens(100_000)));
        Assert.Equal([1 + 77_777, 0, 1 + 5], tokenizer.Encode("<t77777>x<t5>").Ids);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Million_added_tokens_are_found()
    {
        var tokenizer = new Tokenizer(TokenizerJson.Read(WithAddedTokens(Million)));
        Assert.Equal([1 + 777_777, 0, 1 + 5], tokenizer.Encode("<t777777>x<t5>").Ids);
    }

    [Fact]
    public void Tokens_of_every_length_cost_no_more_than_the_longest()
    {
        var tokens = string.Join(',', Enumerable.Range(1, 1000).Select(length => $"{{\"id\":0,\"content\":\"{new string('a', length)}b\"}}"));
        var json = """{"model":{"type":"WordLevel","vocab":{"x":0},"unk_token":"x"},"added_tokens":[""" + tokens + "]}";
        var tokenizer = new Tokenizer(TokenizerJson.Read(System.Text.Encoding.UTF8.GetBytes(json)));
        Assert.Equal(1, tokenizer.CountTokens(new string('a', 100_000)));
    }

    private static byte[] WithAddedTokens(int count)
    {
        var json = new System.Text.StringBuilder("""{"model":{"type":"WordLevel","vocab":{"x":0},"unk_token":"x"},"added_tokens":[""");
        for (var i = 0; i < count; i++)
            json.Append(i > 0 ? "," : "").Append(System.Globalization.CultureInfo.InvariantCulture, $$"""{"id":{{i + 1}},"content":"<t{{i}}>","special":true}""");
        return System.Text.Encoding.UTF8.GetBytes(json.Append("]}").ToString());
    }
}
