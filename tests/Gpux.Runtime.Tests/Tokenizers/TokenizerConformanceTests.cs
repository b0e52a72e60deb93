using Gpux.Runtime.Tokenizers.Verification;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Every id, offset, mask and text of the recordings, exactly.</summary>
public sealed class TokenizerConformanceTests
{
    public static TheoryData<string> Cases => [.. TokenizerCases.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokenizer_equals_the_original(string name)
    {
        var verdict = TokenizerJudge.Judge(TokenizerCases.FolderOf(name));
        Assert.Null(verdict.Failure ?? verdict.Unsupported);
        Assert.True(verdict.Lines > 0);
    }

    [Fact]
    public void Extract_in_the_repository_equals_the_original()
    {
        foreach (var folder in Directory.EnumerateDirectories(TokenizerCases.Extract).Where(folder => Directory.Exists(Path.Combine(folder, "repo"))))
            Assert.Equal(new TokenizerVerdict(File.ReadLines(Path.Combine(folder, "vectors.jsonl")).Count(), null, null), TokenizerJudge.Judge(folder));
    }
}
