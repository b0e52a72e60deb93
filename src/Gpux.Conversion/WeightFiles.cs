using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.SentenceTransformers;

namespace Gpux.Conversion;

/// <summary>Which of a repository's files a conversion reads.</summary>
public static class WeightFiles
{
    private const long LargestConfigurationBytes = 64 << 20;

    // What stands beside weights: configurations, vocabularies, chat templates, indexes of shards.
    private static readonly string[] ConfigurationExtensions = [".json", ".txt", ".model", ".jinja", ".tiktoken", ".bpe"];

    // Copies of the model for other programs.
    private static readonly string[] ForeignFolders = ["onnx/", "openvino/", "coreml/", "original/", "runs/", "checkpoint-"];

    /// <summary>Whether a file is one of those that say what a model is: needed, and small.</summary>
    public static bool IsConfiguration(ModelFile file) => (file.SizeBytes ?? 0) <= LargestConfigurationBytes
        && ConfigurationExtensions.Any(extension => file.Path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        && !ForeignFolders.Any(folder => file.Path.StartsWith(folder, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads what the headers of a model's weights say, of whichever architecture: names, types and shapes of the tensors, and not the tensors.</summary>
    /// <exception cref="GpuxException">There are no weights in a form that is known, or they are damaged.</exception>
    public static Checkpoint ReadHeaders(ModelFiles files) => CheckpointCatalog.Read(files);

    /// <summary>The weight files that a conversion reads: one, or all shards, and those of a sentence model's modules.</summary>
    /// <param name="configuration">The configuration files, which are here.</param>
    /// <param name="published">The names of all files of the repository.</param>
    /// <exception cref="UnsupportedCheckpointException">Only formats that are not read.</exception>
    public static IReadOnlyList<string> Choose(ModelFiles configuration, IReadOnlyCollection<string> published)
    {
        IEnumerable<string> folders = SentenceModel.IsOne(configuration) ? SentenceModel.Load(configuration).WeightFolders : [""];
        var chosen = new List<string>();
        foreach (var folder in folders)
        {
            var prefix = folder.Length == 0 ? "" : folder.TrimEnd('/') + "/";
            var names = published.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..]).ToHashSet();
            var (_, file) = CheckpointCatalog.Choose(names);
            if (!ShardIndex.IsOne(file))
                chosen.Add(prefix + file);
            else
                foreach (var shard in ShardIndex.Read(File.ReadAllBytes(configuration.Require(prefix + file)), file).Keys)
                    chosen.Add(prefix + shard);
        }
        return chosen;
    }
}
