using System.Text.Json;

namespace Gpux.Runtime.Tokenizers.Verification;

/// <summary>Judges a tokenizer by a folder of recordings: every id, offset, mask and text must be the original's.</summary>
/// <remarks>The format is that of the conformance collection's tokenizers: <c>vectors.jsonl</c> beside <c>repo/</c>.</remarks>
public static class TokenizerJudge
{
    private const int LongestExcerpt = 80;

    /// <param name="caseFolder">Has <c>vectors.jsonl</c>.</param>
    /// <param name="repositoryFolder">Null: <c>repo</c> in the case's folder.</param>
    public static TokenizerVerdict Judge(string caseFolder, string? repositoryFolder = null)
    {
        var lines = 0;
        var unsupported = new SortedSet<string>(StringComparer.Ordinal);
        if (!File.Exists(Path.Combine(caseFolder, "vectors.jsonl")))
            return new TokenizerVerdict(0, null, "a case without vectors.jsonl");
        try
        {
            var folder = repositoryFolder ?? Path.Combine(caseFolder, "repo");
            var tokenizer = IsOfVersion5(caseFolder) ? Tokenizer.LoadFolderAsVersion5(folder) : Tokenizer.LoadFolder(folder);
            foreach (var line in File.ReadLines(Path.Combine(caseFolder, "vectors.jsonl")))
            {
                using var vector = JsonDocument.Parse(line);
                lines++;
                try
                {
                    if (TokenizerVector.Check(tokenizer, vector.RootElement) is { } difference)
                        return new TokenizerVerdict(lines, $"line {lines}: {difference} ({line[..Math.Min(line.Length, LongestExcerpt)]})", null);
                }
                catch (UnsupportedTokenizerException lack)
                {
                    // What comes after it is judged all the same: a difference counts for more.
                    unsupported.Add(lack.What);
                }
            }
            return new TokenizerVerdict(lines, null, unsupported.Count == 0 ? null : string.Join(", ", unsupported));
        }
        catch (UnsupportedTokenizerException lack)
        {
            return new TokenizerVerdict(lines, null, lack.What);
        }
        catch (GpuxException problem)
        {
            return new TokenizerVerdict(lines, $"line {lines}: {problem.Message}", null);
        }
    }

    // Which version of transformers made a recording shows in little more than whether text of BPE tokens is tidied.
    private static bool IsOfVersion5(string caseFolder)
    {
        var path = Path.Combine(caseFolder, "case.json");
        if (!File.Exists(path))
            return false;
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.TryGetProperty("made_with", out var made) && made.TryGetProperty("transformers", out var version)
            && version.GetString()?.StartsWith("5.", StringComparison.Ordinal) == true;
    }
}
