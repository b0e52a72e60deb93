using Gpux.Runtime.Tokenizers.Verification;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Every id, offset, mask and text of the recordings, exactly.</summary>
public sealed class TokenizerConformanceTests
{
    /// <summary>What GPUX refuses, by the words of its refusal. An entry that no case needs any more fails the test too.</summary>
    private static readonly Dictionary<string, string> Unsupported = new(StringComparer.Ordinal)
    {
        ["byt5"] = "the class 'ByT5Tokenizer'",
        ["canine"] = "the class 'CanineTokenizer'",
        ["esm"] = "the class 'EsmTokenizer'",
        ["gemma-model-only"] = "a repository with 'tokenizer.model' and no tokenizer.json",
        ["llama2-legacy-true"] = "a repository with 'tokenizer.model' and no tokenizer.json",
        ["llama2-model-only"] = "a repository with 'tokenizer.model' and no tokenizer.json",
        ["llama2-model-only-v5"] = "a repository with 'tokenizer.model' and no tokenizer.json",
        ["llama3-tiktoken-only"] = "a repository with 'tokenizer.model' and no tokenizer.json",
        ["m2m100"] = "the class 'M2M100Tokenizer'",
        ["marian"] = "the class 'MarianTokenizer'",
        ["speecht5"] = "the class 'SpeechT5Tokenizer'",
        ["t5-identity-whitespace"] = "a repository with 'spiece.model' and no tokenizer.json",
        ["t5-model-only"] = "a repository with 'spiece.model' and no tokenizer.json",
        ["wav2vec2-ctc"] = "the class 'Wav2Vec2CTCTokenizer'",
        ["whisper"] = "the decode option 'basic_normalize', the decode option 'normalize', the decode option 'output_offsets'",
        ["xlm-roberta-model-only"] = "a repository with 'sentencepiece.bpe.model' and no tokenizer.json",
    };

    public static TheoryData<string> Cases => [.. TokenizerCases.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokenizer_equals_the_original(string name)
    {
        var verdict = TokenizerJudge.Judge(TokenizerCases.FolderOf(name));
        Assert.Null(verdict.Failure);
        Assert.Equal(Unsupported.GetValueOrDefault(name), verdict.Unsupported);
        Assert.True(verdict.Lines > 0 || verdict.Unsupported is not null);
    }

    [Fact]
    public void Extract_in_the_repository_equals_the_original()
    {
        foreach (var folder in Directory.EnumerateDirectories(TokenizerCases.Extract).Where(folder => Directory.Exists(Path.Combine(folder, "repo"))))
            Assert.Equal(new TokenizerVerdict(File.ReadLines(Path.Combine(folder, "vectors.jsonl")).Count(), null, null), TokenizerJudge.Judge(folder));
    }
}
