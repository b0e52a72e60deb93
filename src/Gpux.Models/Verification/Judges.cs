using Gpux.Conversion.Verification;

namespace Gpux.Models.Verification;

/// <summary>Who judges a recording, by its area.</summary>
public static class Judges
{
    /// <summary>Judges a recording with the repository that lies beside it.</summary>
    /// <param name="folder">The recording's, with case.json in it.</param>
    /// <returns>Also for recordings that cannot be read: they fail.</returns>
    public static CaseResult Judge(string folder)
    {
        try
        {
            return Judge(Recording.Load(folder));
        }
        catch (InvalidRecordingException exception)
        {
            return new CaseResult($"{Path.GetFileName(Path.GetDirectoryName(folder))}/{Path.GetFileName(folder)}", Verdict.Failed, exception.Message, []);
        }
    }

    /// <param name="files">The model to judge; null for the repository that lies beside the recording.</param>
    public static CaseResult Judge(Recording recording, ModelFiles? files = null)
    {
        files ??= Directory.Exists(recording.RepositoryFolder) ? ModelFiles.InFolder(recording.RepositoryFolder)
            : new ModelFiles(new Dictionary<string, string>(), recording.Folder);
        try
        {
            return recording.Area switch
            {
                "models" or "real" => ModelJudge.Judge(recording, files),
                "checkpoints" => CheckpointJudge.Judge(recording),
                "graphs" => GraphJudge.Judge(recording),
                "sampling" => SamplingCaseJudge.Judge(recording),
                "processors" => ProcessorJudge.Judge(recording, files),
                "tokenizers" => TokenizerCaseJudge.Judge(recording),
                "pipelines" => PipelineJudge.Judge(recording, files),
                var area => CaseResult.Unsupported(recording, $"recordings of the area '{area}'"),
            };
        }
        catch (KeyNotFoundException exception)
        {
            // A description that lacks what its area needs.
            return CaseResult.Failed(recording, $"{Recording.DescriptionFile} is incomplete: {exception.Message}");
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            // A fault of ours in one case must not hide the verdicts on the others.
            return CaseResult.Failed(recording, $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    /// <summary>The recordings below a folder whose area and name match one of the patterns, in order of their paths.</summary>
    /// <param name="patterns">Such as "models/bert*"; none for all.</param>
    public static IEnumerable<string> Find(string corpus, IReadOnlyList<string> patterns) =>
        Directory.EnumerateFiles(corpus, Recording.DescriptionFile, SearchOption.AllDirectories)
            .Select(file => Path.GetDirectoryName(file)!) // a file lies in a folder
            .Where(folder => patterns.Count == 0 || patterns.Any(pattern => Matches(pattern, Path.GetRelativePath(corpus, folder).Replace('\\', '/'))))
            .Order(StringComparer.Ordinal);

    // A folder that holds the cases of one area is a corpus too: then the name alone is matched.
    private static bool Matches(string pattern, string path) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, path, ignoreCase: false)
        || !path.Contains('/') && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.AsSpan(pattern.LastIndexOf('/') + 1), path, ignoreCase: false);
}
