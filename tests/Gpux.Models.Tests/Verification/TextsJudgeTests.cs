using Gpux.Conversion.Verification;
using Gpux.Models.Verification;

namespace Gpux.Models.Tests.Verification;

public sealed class TextsJudgeTests
{
    public static TheoryData<string> Recordings => [.. Corpus.Cases("models").Where(name =>
        name.StartsWith("sentence-bert", StringComparison.Ordinal) || name.StartsWith("crossencoder-bert", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Every_text_of_a_recording_is_compared(string name)
    {
        var recording = Recording.Load(Corpus.PathOf("models", name));
        var result = Judges.Judge(recording);
        Assert.Equal((Verdict.Passed, null), (result.Verdict, result.Reason));
        Assert.Equal(recording.Entries("texts").Count(),
            result.Outputs.Count(entry => entry.Output.Contains("of its text", StringComparison.Ordinal) || entry.Output.StartsWith("score of", StringComparison.Ordinal)));
    }
}
