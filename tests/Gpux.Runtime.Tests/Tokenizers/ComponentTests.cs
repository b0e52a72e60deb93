using System.Text.Json;
using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Encodings;
using Gpux.Runtime.Tokenizers.Loading;
using Gpux.Runtime.Tokenizers.PreTokenizers;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Verification;
using Utf8Text = System.Text.Encoding;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Each component of tokenizer.json alone, against what the original component gave.</summary>
public sealed class ComponentTests
{
    [Fact]
    public void Normalizers_equal_the_original() => ForEach("normalizers", component =>
    {
        var normalizer = NormalizerReader.Read(Complete(component.GetProperty("component")), "");
        return test =>
        {
            var text = new AlignedText();
            text.Load(Utf8Text.UTF8.GetBytes(test[0].GetString()!), 0, tracked: true);
            normalizer.Normalize(text, new TextScratch { RegexBudget = long.MaxValue });
            Assert.Equal(test[1].GetString(), Utf8Text.UTF8.GetString(text.Bytes));
        };
    });

    [Fact]
    public void Pre_tokenizers_equal_the_original() => ForEach("pre_tokenizers", component =>
    {
        var preTokenizer = PreTokenizerReader.Read(component.GetProperty("component"), "");
        return test => CheckPieces(preTokenizer, test);
    });

    private static void CheckPieces(PreTokenizer preTokenizer, JsonElement test)
    {
        var text = Utf8Text.UTF8.GetBytes(test[0].GetString()!);
        var scratch = new TextScratch { RegexBudget = long.MaxValue };
        scratch.Pieces.Clear(tracked: true);
        scratch.Pieces.AppendOriginal(text, 0);
        scratch.Pieces.Add(new Piece(0, text.Length, 0, Piece.NoToken));
        preTokenizer.PreTokenize(scratch);
        var offsets = new OffsetMap();
        offsets.Load(text);
        var pieces = new List<(string, int, int)>();
        foreach (var piece in scratch.Pieces.Pieces)
        {
            var (start, end) = offsets.Convert(scratch.Pieces.Starts[piece.Start], scratch.Pieces.Ends[piece.End - 1]).CodePoints;
            pieces.Add((Utf8Text.UTF8.GetString(scratch.Pieces.TextOf(piece)), start, end));
        }
        Assert.Equal([.. test[1].EnumerateArray().Select(piece => (piece[0].GetString()!, piece[1].GetInt32(), piece[2].GetInt32()))], pieces);
    }

    [Fact]
    public void Decoders_equal_the_original() => ForEach("decoders", component =>
    {
        var decoder = DecoderReader.Read(component.GetProperty("component"), "");
        return test =>
        {
            var texts = new TokenTexts();
            foreach (var token in test[0].EnumerateArray())
                texts.Add(Utf8Text.UTF8.GetBytes(token.GetString()!));
            decoder.Decode(texts);
            Assert.Equal(test[1].GetString(), Utf8Text.UTF8.GetString(texts.Joined));
        };
    });

    [Fact]
    public void Post_processors_equal_the_original() => ForEach("post_processors", TokenizerCheck);

    [Fact]
    public void Models_equal_the_original() => ForEach("models", TokenizerCheck);

    private static Action<JsonElement> TokenizerCheck(JsonElement component)
    {
        var tokenizer = new Tokenizer(TokenizerJson.Read(Utf8Text.UTF8.GetBytes(component.GetProperty("tokenizer").GetRawText())));
        return test => CheckTokenizer(tokenizer, test);
    }

    /// <summary>A large character map stands in the file of another case.</summary>
    private static JsonElement Complete(JsonElement component)
    {
        if (!component.TryGetProperty("precompiled_charsmap_of", out var file))
            return component;
        using var tokenizer = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TokenizerCases.Root, file.GetString()!)));
        return FindMap(tokenizer.RootElement.GetProperty("normalizer")).Clone();
    }

    private static JsonElement FindMap(JsonElement normalizer) => normalizer.TryGetProperty("precompiled_charsmap", out _)
        ? normalizer
        : normalizer.GetProperty("normalizers").EnumerateArray().First(part => part.TryGetProperty("precompiled_charsmap", out _));

    private static void CheckTokenizer(Tokenizer tokenizer, JsonElement test)
    {
        var pair = test.TryGetProperty("pair", out var second) ? second.GetString() : null;
        var special = !test.TryGetProperty("add_special_tokens", out var adds) || adds.GetBoolean();
        if (test.TryGetProperty("error", out _))
        {
            Assert.ThrowsAny<GpuxException>(() => tokenizer.Encode(test.GetProperty("text").GetString()!, pair));
            return;
        }
        var encoding = tokenizer.Encode(test.GetProperty("text").GetString()!, pair, new EncodeOptions { AddSpecialTokens = special });
        Assert.Null(TokenizerVector.CheckEncoding(tokenizer, test, encoding));
    }

    private static void ForEach(string file, Func<JsonElement, Action<JsonElement>> checkOf)
    {
        var checks = 0;
        foreach (var line in File.ReadLines(Path.Combine(TokenizerCases.Root, "components", $"{file}.jsonl")))
        {
            using var component = JsonDocument.Parse(line);
            var check = checkOf(component.RootElement);
            foreach (var test in component.RootElement.GetProperty("cases").EnumerateArray())
            {
                try
                {
                    check(test);
                }
                catch (Xunit.Sdk.XunitException difference)
                {
                    Assert.Fail($"{component.RootElement.GetProperty("name").GetString()}: {test.GetRawText()}: {difference.Message}");
                }
                checks++;
            }
        }
        Assert.True(checks > 50);
    }
}
