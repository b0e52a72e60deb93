using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Encodings;

namespace Gpux.Runtime.Tests.Tokenizers;

public sealed class TokenizerTests
{
    private const string Mixed = "Hello 😀 wörld, it's ١٢ 𝔘nicode\t…  ok";

    [Theory]
    [InlineData("bert-uncased")]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("wordlevel")]
    [InlineData("unigram-byte-fallback")]
    [InlineData("added-token-flags")]
    public void Ids_alone_equal_those_of_a_whole_encoding(string name)
    {
        var tokenizer = Load(name);
        var ids = new IdList();
        foreach (var text in (string[])["", " ", Mixed, "a", string.Concat(Enumerable.Repeat(Mixed, 50))])
        {
            ids.Clear();
            tokenizer.EncodeIds(text, ids);
            Assert.Equal(tokenizer.Encode(text).Ids, ids.Ids);
            Assert.Equal(tokenizer.Encode(text, options: new EncodeOptions { WithOffsets = false }).Ids, ids.Ids);
            Assert.Equal(ids.Count, tokenizer.CountTokens(text));
        }
    }

    [Fact]
    public void Ids_cost_no_memory_once_warm()
    {
        var tokenizer = Load("bert-uncased");
        var ids = new IdList();
        for (var i = 0; i < 3; i++)
        {
            ids.Clear();
            tokenizer.EncodeIds(Mixed, ids);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        ids.Clear();
        tokenizer.EncodeIds(Mixed, ids);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Offsets_count_utf16_units_and_code_points()
    {
        var encoding = Load("gpt2").Encode("😀 a");
        Assert.Equal(new TextRange(0, 2), encoding.Offsets[0]);
        Assert.Equal(new TextRange(0, 1), encoding.CodePointOffsets[0]);
        Assert.Equal(4, encoding.Offsets[^1].End);
        Assert.Equal(3, encoding.CodePointOffsets[^1].End);
    }

    [Fact]
    public void Lone_surrogate_is_read_as_the_replacement_character()
    {
        var tokenizer = Load("gpt2");
        Assert.Equal(tokenizer.Encode("a\uFFFDb").Ids, tokenizer.Encode("a\uD800b").Ids);
        Assert.Equal(tokenizer.Encode("a\uFFFDb").Offsets, tokenizer.Encode("a\uD800b").Offsets);
    }

    [Theory]
    [InlineData("bert-uncased")]
    [InlineData("gpt2")]
    [InlineData("llama2")]
    [InlineData("unigram-byte-fallback")]
    public void Stream_gives_the_text_of_the_whole(string name)
    {
        var tokenizer = Load(name);
        var random = new Random(7);
        for (var round = 0; round < 60; round++)
        {
            var ids = round % 2 == 0
                ? tokenizer.Encode(Mixed).Ids.ToArray()
                : [.. Enumerable.Range(0, 40).Select(_ => random.Next(-1, tokenizer.VocabularySize + 2))];
            var options = new DecodeOptions { SkipSpecialTokens = round % 3 == 0, CleanUpSpaces = round % 5 == 0 };
            var stream = tokenizer.DecodeStream(options);
            var text = string.Concat(ids.Select(stream.Push)) + stream.Flush();
            Assert.Equal(tokenizer.Decode(ids, options), text);
        }
    }

    [Fact]
    public void Stream_gives_no_half_characters()
    {
        var tokenizer = Load("gpt2");
        var stream = tokenizer.DecodeStream();
        foreach (var id in tokenizer.Encode("日本語 😀").Ids)
            Assert.DoesNotContain('\uFFFD', stream.Push(id));
    }

    [Fact]
    public void Batch_is_padded_to_its_longest()
    {
        var encodings = Load("bert-uncased").EncodeBatch(["a b c", "a"], new EncodeOptions { Padding = new Padding { MultipleOf = 4, Side = TokenSide.Left } });
        Assert.Equal(encodings[0].Count, encodings[1].Count);
        Assert.Equal(0, encodings[0].Count % 4);
        Assert.Equal(0, encodings[1].AttentionMask[0]);
        Assert.Equal(1, encodings[1].AttentionMask[^1]);
        Assert.Equal(Load("bert-uncased").PadId, encodings[1].Ids[0]);
    }

    [Fact]
    public void Windows_cover_the_text_and_share_the_stride()
    {
        var words = string.Join(' ', Enumerable.Repeat("a", 50));
        var encoding = Load("bert-uncased").Encode(words, options: new EncodeOptions { Truncation = new Truncation { MaxLength = 12, Stride = 4, ReturnOverflow = true } });
        Encoding[] all = [encoding, .. encoding.Overflow];
        Assert.All(all, window => Assert.InRange(window.Count, 3, 12));
        for (var i = 1; i < all.Length; i++)
            Assert.Equal(all[i - 1].Offsets[^5], all[i].Offsets[1]);
        Assert.Equal(words.Length, all[^1].Offsets[^2].End);
    }

    [Fact]
    public void Stride_without_progress_is_refused() => Assert.Throws<TruncationException>(() => Load("bert-uncased")
        .Encode("a b c d e f g h", options: new EncodeOptions { Truncation = new Truncation { MaxLength = 6, Stride = 4 } }));

    [Theory]
    [InlineData(10, -1, 4, TruncationStrategy.LongestFirst, 4, -1)]
    [InlineData(10, 3, 8, TruncationStrategy.LongestFirst, 5, 3)]
    [InlineData(10, 12, 7, TruncationStrategy.LongestFirst, 3, 4)]
    [InlineData(12, 10, 7, TruncationStrategy.LongestFirst, 4, 3)]
    [InlineData(10, 3, 8, TruncationStrategy.OnlyFirst, 5, 3)]
    [InlineData(3, 10, 8, TruncationStrategy.OnlySecond, 3, 5)]
    [InlineData(3, 2, 8, TruncationStrategy.OnlySecond, 3, 2)]
    public void Truncation_shares_the_room(int first, int second, int maximum, TruncationStrategy strategy, int keptFirst, int keptSecond) =>
        Assert.Equal((keptFirst, keptSecond), Truncator.Lengths(first, second, maximum, strategy));

    [Fact]
    public void Threads_share_a_tokenizer()
    {
        var tokenizer = Load("gpt2");
        var expected = tokenizer.Encode(Mixed).Ids.ToArray();
        Parallel.For(0, 200, _ => Assert.Equal(expected, tokenizer.Encode(Mixed).Ids));
    }

    private static Tokenizer Load(string name) => Tokenizer.LoadFolder(Path.Combine(TokenizerCases.Extract, name, "repo"));
}
