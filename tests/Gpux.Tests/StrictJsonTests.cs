using System.Text;
using System.Text.Json;

namespace Gpux.Tests;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("""{"a": "\ud83d\ude00 \u00e9 \\ud800 \"\\"}""")]
    [InlineData("""["\\\\ud800", "\ud83d\ude00\ud83d\ude00"]""")]
    public void Whole_texts_are_read(string json)
    {
        using var document = Parse(json);
        Assert.Equal(JsonDocument.Parse(json).RootElement.GetRawText(), document.RootElement.GetRawText());
    }

    [Theory]
    [InlineData("""{"a": "\ud83d"}""")]
    [InlineData("""{"a": "\ude00"}""")]
    [InlineData("""{"a": "\ud83d\ud83d\ude00"}""")]
    [InlineData("""{"a": "\ud83dx\ude00"}""")]
    [InlineData("""{"a": "\ud83d\n"}""")]
    [InlineData("""{"\uD83D": 1}""")]
    [InlineData("""{"a": "\\\ud83d"}""")]
    public void Half_a_character_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Parse(json));

    [Fact]
    public void What_is_no_json_is_refused()
    {
        Assert.ThrowsAny<JsonException>(() => Parse("{"));
        Assert.ThrowsAny<JsonException>(() => Parse("[\"\\ud8"));
        Assert.ThrowsAny<JsonException>(() => StrictJson.Parse((byte[])[.. "[\""u8, 0xC3, .. "\"]"u8]));
    }

    private static JsonDocument Parse(string json) => StrictJson.Parse(Encoding.UTF8.GetBytes(json));
}
