using System.Text;

namespace Gpux.Conversion.Tests;

public sealed class ModelConfigTests
{
    private static ModelConfig Parse(string json) => ModelConfig.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Absent_and_null_fields_have_the_default()
    {
        var config = Parse("""{"a": null}""");

        Assert.Equal(7, config.Int("a", 7));
        Assert.Equal(8, config.Int("b", 8));
        Assert.Equal("gelu", config.Text("c", "gelu"));
    }

    [Fact]
    public void Numbers_that_JSON_does_not_have_count_as_absent()
    {
        var config = Parse("""{"eps": NaN, "limit": [-Infinity, 2], "text": "NaN \" Infinity", "n": 3}""");

        Assert.Equal(0.5f, config.Float("eps", 0.5f));
        Assert.Equal("NaN \" Infinity", config.Text("text", ""));
        Assert.Equal(3, config.Int("n"));
    }

    [Theory]
    [InlineData("""{"hidden_size": "768"}""", "'hidden_size' is \"768\"")]
    [InlineData("""{"hidden_size": 1.5}""", "'hidden_size' is 1.5")]
    [InlineData("""{"hidden_size": -1}""", "'hidden_size' is -1")]
    [InlineData("""{}""", "'hidden_size' is missing")]
    public void A_wrong_value_is_named(string json, string expected)
    {
        var error = Assert.Throws<InvalidConfigException>(() => Parse(json).Int("hidden_size", minimum: 1));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"a\": tru}")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    public void What_is_no_object_is_refused(string json) => Assert.Throws<InvalidConfigException>(() => Parse(json));

    [Theory]
    [InlineData("{}", 2)]
    [InlineData("""{"num_labels": 1}""", 1)]
    [InlineData("""{"num_labels": 7, "id2label": {"0": "a", "1": "b", "2": "c"}}""", 3)]
    public void Labels_are_counted_as_the_original_does(string json, int expected) => Assert.Equal(expected, Parse(json).LabelCount);

    [Fact]
    public void Sizes_are_a_number_or_height_and_width()
    {
        Assert.Equal((224, 224), Parse("""{"image_size": 224}""").Size("image_size", 1));
        Assert.Equal((48, 64), Parse("""{"image_size": [48, 64]}""").Size("image_size", 1));
        Assert.Throws<InvalidConfigException>(() => Parse("""{"image_size": [1, 2, 3]}""").Size("image_size", 1));
    }
}
