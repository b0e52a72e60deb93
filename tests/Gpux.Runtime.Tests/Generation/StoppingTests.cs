using System.Text;
using Gpux.Runtime.Generation;
using Gpux.Runtime.Generation.Stopping;

namespace Gpux.Runtime.Tests.Generation;

public sealed class StoppingTests
{
    // Generates 1, 2, 3, ... after any prompt that ends with 0.
    private static HistoryDecoder Counting(int capacity = int.MaxValue) => new(100, history =>
    {
        var logits = new float[100];
        logits[(history[^1] + 1) % 100] = 9;
        return logits;
    }, capacity);

    [Theory]
    [InlineData(StopReason.EndOfSequence, new[] { 1, 2, 3 })]
    [InlineData(StopReason.Length, new[] { 1, 2, 3, 4, 5 })]
    [InlineData(StopReason.StopString, new[] { 1, 2, 3, 4 })]
    [InlineData(StopReason.Predicate, new[] { 1, 2 })]
    public void Result_says_why_a_row_ended(StopReason reason, int[] tokens)
    {
        var config = new GenerationConfig { MaxNewTokens = 5 };
        var options = new GenerationOptions { Decode = Letters };
        (config, options) = reason switch
        {
            StopReason.EndOfSequence => (config with { EosTokenId = [7, 3] }, options),
            StopReason.StopString => (config with { StopStrings = ["zz", "cd"] }, options),
            StopReason.Predicate => (config, options with { StopWhen = ids => ids.EndsWith([1, 2]) }),
            _ => (config, options),
        };
        var sequence = Assert.Single(new TokenGenerator(Counting(), config, options).Generate(TokenBatch.Of([5, 0]), CancellationToken.None).Sequences);
        Assert.Equal(reason, sequence.StopReason);
        Assert.Equal(tokens, sequence.Tokens);

        var stream = new TokenGenerator(Counting(), config, options).Stream(TokenBatch.Of([5, 0]), CancellationToken.None);
        Assert.Equal(tokens, stream);
        Assert.Equal(reason, stream.StopReason);
    }

    [Fact]
    public void Rows_that_end_early_are_filled_with_pads()
    {
        var config = new GenerationConfig { MaxNewTokens = 4, EosTokenId = [12], PadTokenId = 99 };
        var result = new TokenGenerator(Counting(), config).Generate(TokenBatch.LeftPadded([[10], [3, 50]], 99), CancellationToken.None);
        Assert.Equal([99, 10, 11, 12, 99, 99, 3, 50, 51, 52, 53, 54], result.Padded.Ids.ToArray());
        Assert.Equal([StopReason.EndOfSequence, StopReason.Length], result.Sequences.Select(sequence => sequence.StopReason));
    }

    [Fact]
    public void Model_that_is_full_ends_its_rows()
    {
        var result = new TokenGenerator(Counting(capacity: 3), new GenerationConfig { MaxNewTokens = 50 }).Generate(TokenBatch.Of([0, 0]), CancellationToken.None);
        Assert.Equal([1, 2], result.Sequences[0].Tokens);
        Assert.Equal(StopReason.Length, result.Sequences[0].StopReason);
    }

    [Fact]
    public void Time_ends_all_rows_after_the_token_that_took_too_long()
    {
        var clock = new Clock();
        var decoder = new HistoryDecoder(100, history =>
        {
            clock.Now += TimeSpan.FromSeconds(1);
            var logits = new float[100];
            logits[history[^1] + 1] = 9;
            return logits;
        });
        var result = new TokenGenerator(decoder, new GenerationConfig { MaxTime = TimeSpan.FromSeconds(2.5), MaxNewTokens = 50 },
            new GenerationOptions { Clock = clock }).Generate(TokenBatch.Of([0]), CancellationToken.None);
        Assert.Equal([1, 2, 3], result.Sequences[0].Tokens);
        Assert.Equal(StopReason.TimeLimit, result.Sequences[0].StopReason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Cancelling_stops_before_the_next_step(int beams)
    {
        using var source = new CancellationTokenSource();
        var decoder = new HistoryDecoder(30, history =>
        {
            if (history.Count == 4)
                source.Cancel();
            return [.. Enumerable.Range(0, 30).Select(i => i * 0.1f)];
        });
        Assert.Throws<OperationCanceledException>(() => new TokenGenerator(decoder, new GenerationConfig { NumBeams = beams, MaxNewTokens = 50 })
            .Generate(TokenBatch.Of([0]), source.Token));
        Assert.Equal(4, decoder.Inputs.Count);
    }

    [Theory]
    [InlineData("ab|c", "bc", true)] // begins before the last token
    [InlineData("ab|c", "abc", true)]
    [InlineData("a|bcd", "bc", true)] // ends within it
    [InlineData("abc", "b", true)]
    [InlineData("ab|c", "ab", false)] // ended before
    [InlineData("a|b", "abc", false)]
    [InlineData("aa|a", "aa", true)] // once more
    [InlineData("x\u00c3|\u00a9", "x\u00e9", true)] // a character of two tokens
    [InlineData("\u00c3|\u00a9", "\u00c3", false)]
    public void Stop_string_must_end_within_the_last_token(string pieces, string sought, bool ends)
    {
        // Each token stands for some bytes of UTF-8, written as Latin-1 here.
        var tokens = pieces.Split('|');
        string Decode(ReadOnlySpan<int> ids)
        {
            var bytes = new List<byte>();
            foreach (var id in ids)
                bytes.AddRange(Encoding.Latin1.GetBytes(tokens[id]));
            return Encoding.UTF8.GetString([.. bytes]);
        }
        Assert.Equal(ends, new StopStrings([sought], Decode).EndsWithin([.. Enumerable.Range(0, tokens.Length)]));
    }

    [Fact]
    public void Stop_strings_decode_no_more_than_they_can_span()
    {
        var longest = 0;
        var strings = new StopStrings(["abcd", "\u00e9\u00e9\u00e9"], ids => { longest = Math.Max(longest, ids.Length); return ""; });
        strings.EndsWithin(new int[1000]);
        Assert.Equal(7, longest);
    }

    [Fact]
    public void Stop_strings_without_a_decoder_are_the_callers_mistake() => Assert.Throws<ArgumentException>(() =>
        new TokenGenerator(Counting(), new GenerationConfig { StopStrings = ["a"] }).Generate(TokenBatch.Of([0]), CancellationToken.None));

    [Fact]
    public void Decoder_sees_left_padding_in_mask_and_positions()
    {
        var decoder = HistoryDecoder.Hashed(9, 1);
        new TokenGenerator(decoder, new GenerationConfig { MaxNewTokens = 2 }).Generate(TokenBatch.LeftPadded([[1, 2, 3], [4]], 0), CancellationToken.None);
        Assert.Equal([1, 1, 1, 0, 0, 1], decoder.Inputs[0].Mask);
        Assert.Equal([0, 1, 2, 0, 0, 0], decoder.Inputs[0].Positions);
        Assert.Equal([1, 1, 1, 1, 0, 0, 1, 1], decoder.Inputs[1].Mask);
        Assert.Equal([3, 1], decoder.Inputs[1].Positions);
    }

    [Theory]
    [InlineData(8, new long[] { 1, 1, 0, 1 })] // the pad marks padding
    [InlineData(0, new long[] { 1, 1, 1, 1 })] // unless it also ends texts
    public void Mask_that_is_not_given_is_taken_from_the_pads(int end, long[] mask)
    {
        var decoder = HistoryDecoder.Hashed(9, 1);
        var config = new GenerationConfig { MaxNewTokens = 1, PadTokenId = 0, EosTokenId = [end] };
        new TokenGenerator(decoder, config).Generate(new TokenBatch(2, 2, [1, 2, 0, 3]), CancellationToken.None);
        Assert.Equal(mask, decoder.Inputs[0].Mask);
    }

    [Fact]
    public void Long_rows_outgrow_their_first_memory()
    {
        var config = new GenerationConfig { MaxNewTokens = 700 };
        var result = new TokenGenerator(HistoryDecoder.Hashed(20, 1), config).Generate(TokenBatch.LeftPadded([[1, 2], [3]], 0), CancellationToken.None);
        Assert.Equal(700, result.Sequences[1].Tokens.Length);
        var beams = new TokenGenerator(HistoryDecoder.Hashed(20, 1), config with { NumBeams = 2, MaxNewTokens = 80 }).Generate(TokenBatch.Of([3]), CancellationToken.None);
        Assert.Equal(80, beams.Sequences[0].Tokens.Length);
    }

    [Fact]
    public void Streams_have_one_row_and_no_beams()
    {
        var generator = new TokenGenerator(Counting(), new GenerationConfig { NumBeams = 2 });
        Assert.Throws<ArgumentException>(() => generator.Stream(TokenBatch.LeftPadded([[0], [0]], 0), CancellationToken.None));
        Assert.Throws<InvalidGenerationConfigException>(() => generator.Stream(TokenBatch.Of([0]), CancellationToken.None).First());
    }

    [Fact]
    public void Rows_must_be_those_of_the_encoder() => Assert.Throws<ArgumentException>(() =>
        new TokenGenerator(Counting(), new GenerationConfig(), new GenerationOptions { EncoderInput = new TokenBatch(2, 1, [1, 2]) })
            .Generate(TokenBatch.Of([0]), CancellationToken.None));

    private static string Letters(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        foreach (var id in ids)
            text.Append((char)('`' + id));
        return text.ToString();
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => Now.Ticks;
    }
}
