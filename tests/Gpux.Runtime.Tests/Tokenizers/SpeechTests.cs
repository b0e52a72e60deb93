using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.Speech;
using static Gpux.Runtime.Tests.MadeRepository;

namespace Gpux.Runtime.Tests.Tokenizers;

public sealed class SpeechTests
{
    private const string Vocabulary = """{"<pad>":0,"<s>":1,"</s>":2,"<unk>":3,"|":4,"H":5,"I":6,"A":7}""";
    private static readonly int[] Frames = [4, 5, 5, 0, 6, 4, 4, 7, 0, 7, 0];

    [Fact]
    public void Frames_become_text_with_the_time_of_every_word()
    {
        var text = Load(Class("Wav2Vec2CTCTokenizer"), Text("vocab.json", Vocabulary)).DecodeFrames(Frames);
        Assert.Equal("HI AA", text.Text);
        Assert.Equal([new CtcRange("HI", 1, 5), new CtcRange("AA", 7, 10)], text.Words);
        Assert.Equal([" ", "H", "I", " ", "A", "A"], text.Characters.Select(character => character.Text));
        Assert.Equal(new CtcRange(" ", 5, 7), text.Characters[3]);
    }

    [Fact]
    public void Repeats_stay_where_they_are_asked_for()
    {
        var tokenizer = Load(Class("Wav2Vec2CTCTokenizer"), Text("vocab.json", Vocabulary));
        Assert.Equal("HHI  AA", tokenizer.Decode(Frames, new DecodeOptions { GroupRepeats = false }));
    }

    [Fact]
    public void Either_case_is_read_where_the_vocabulary_has_one()
    {
        var tokenizer = Load(Class("Wav2Vec2CTCTokenizer", "\"do_lower_case\":true"), Text("vocab.json", Vocabulary));
        Assert.Equal([5, 6, 4, 7], tokenizer.Encode("Hi a").Ids);
        Assert.Equal("hi a", tokenizer.Decode([5, 6, 4, 7]));
    }

    [Fact]
    public void Vocabulary_of_a_language_is_read()
    {
        var tokenizer = Load(Class("Wav2Vec2CTCTokenizer", "\"target_lang\":\"xyz\""), Text("vocab.json", $$"""{"abc":{"q":0},"xyz":{{Vocabulary}}}"""));
        Assert.Equal("HI", tokenizer.Decode([5, 6]));
    }

    [Fact]
    public void Tokenizer_of_text_has_no_frames()
    {
        var tokenizer = Tokenizer.LoadFolder(Path.Combine(TokenizerCases.Extract, "gpt2", "repo"));
        Assert.False(tokenizer.IsCtc);
        Assert.Throws<InvalidOperationException>(() => tokenizer.DecodeFrames([1]));
        Assert.Throws<InvalidOperationException>(() => tokenizer.DecodeSegments([1]));
    }

    [Theory]
    [InlineData("twenty-five", "25")]
    [InlineData("one hundred and twenty three", "123")]
    [InlineData("two thousand and one dollars and five cents", "$2001.05")]
    [InlineData("it's the twenty first", "it is the 21st")]
    [InlineData("Mr. Brown won't pay three percent", "mister brown will not pay 3%")]
    [InlineData("minus two and a half", "-2.5")]
    [InlineData("double oh seven", "007")]
    [InlineData("nineteen eighty four", "1984")]
    [InlineData("one oh one", "101")]
    [InlineData("the one [noise] (laughs) um colour", "the one color")]
    [InlineData("3 million euros", "€3000000")]
    [InlineData("1,200 people", "1200 people")]
    [InlineData("the 1960s", "the 1960s")]
    public void English_is_made_comparable(string text, string comparable) =>
        Assert.Equal(comparable, new EnglishTextNormalizer(new Dictionary<string, string> { ["colour"] = "color" }).Normalize(text));

    [Fact]
    public void Other_languages_are_made_comparable()
    {
        Assert.Equal(" straße çà ", BasicTextNormalizer.Normalize("«Straße» çà!", removesDiacritics: false));
        Assert.Equal(" strasse ca ", BasicTextNormalizer.Normalize("«Straße» çà!", removesDiacritics: true));
    }
}
