using Gpux.Conversion;

namespace Gpux.Models.Pulling;

/// <summary>A published file that is not fetched.</summary>
/// <param name="Reason">Why, as part of a sentence: "pytorch copy of the same weights".</param>
public sealed record LeftFile(ModelFile File, string Reason);

/// <summary>Which of a model's files are fetched, and which are left and why.</summary>
public sealed record FileSelection(IReadOnlyList<ModelFile> Wanted, IReadOnlyList<LeftFile> Left)
{
    /// <summary>What a model takes to run: one format of its weights, one variant of it, and all that describes it.</summary>
    /// <param name="weights">The weight files that a conversion reads, where that is known; null to go by names.</param>
    public static FileSelection Needed(IReadOnlyList<ModelFile> published, IReadOnlyCollection<string>? weights = null)
    {
        var wanted = new List<ModelFile>();
        var left = new List<LeftFile>();
        var format = weights is null ? Preferred(published) : null;
        var chosen = weights ?? ChooseVariant(format, published);
        foreach (var file in published)
        {
            if (Reason(file) is { } reason)
                left.Add(new LeftFile(file, reason));
            else
                wanted.Add(file);
        }
        return new FileSelection(wanted, left);

        string? Reason(ModelFile file)
        {
            if (chosen.Contains(file.Path) || file.IsArchive)
                return null;
            if (WeightFormat.Of(file.Path) is { } own)
            {
                // What stands in a folder of its own format belongs to that format's weights.
                return weights is null && own == format && !WeightFormat.IsForeign(file.Path) ? $"another variant of the {own.Name} weights"
                    : format is not null && own != format ? $"{own.Name} copy of the weights" : $"{own.Name} weights that are not needed";
            }
            if (WeightFiles.IsConfiguration(file) || (format is { } kept && kept.Owns(file.Path)))
                return null;
            return WeightFormat.IsForeign(file.Path) ? "belongs to a copy for other programs"
                : IsDocument(file.Path) ? "documentation" : weights is null ? null : "not read by the conversion";
        }
    }

    /// <summary>What patterns choose.</summary>
    /// <param name="include">Files that match one of these; all where there are none.</param>
    /// <param name="exclude">But none that match one of these.</param>
    public static FileSelection Matching(IReadOnlyList<ModelFile> published, IReadOnlyCollection<string> include, IReadOnlyCollection<string> exclude)
    {
        PathPattern[] includes = [.. include.Select(pattern => new PathPattern(pattern))];
        PathPattern[] excludes = [.. exclude.Select(pattern => new PathPattern(pattern))];
        var wanted = new List<ModelFile>();
        var left = new List<LeftFile>();
        foreach (var file in published)
        {
            if (includes.Length > 0 && !Array.Exists(includes, pattern => pattern.Matches(file.Path)))
                left.Add(new LeftFile(file, "matches no --include"));
            else if (Array.Find(excludes, pattern => pattern.Matches(file.Path)) is { } excluded)
                left.Add(new LeftFile(file, $"matches --exclude {excluded}"));
            else
                wanted.Add(file);
        }
        return new FileSelection(wanted, left);
    }

    private static WeightFormat? Preferred(IReadOnlyList<ModelFile> published)
    {
        foreach (var format in WeightFormat.All)
        {
            if (published.Any(file => WeightFormat.Of(file.Path) == format && !WeightFormat.IsForeign(file.Path)))
                return format;
        }
        // Only in folders such as onnx/, as repositories for one program have it.
        foreach (var format in WeightFormat.All)
        {
            if (published.Any(file => WeightFormat.Of(file.Path) == format))
                return format;
        }
        return null;
    }

    // Of several variants one: the plain name before its quantised or reduced copies.
    private static HashSet<string> ChooseVariant(WeightFormat? format, IReadOnlyList<ModelFile> published)
    {
        if (format is null)
            return [];
        string[] all = [.. published.Select(file => file.Path).Where(path => WeightFormat.Of(path) == format)];
        string[] own = [.. all.Where(path => !WeightFormat.IsForeign(path))];
        var chosen = new HashSet<string>();
        foreach (var folder in (own.Length > 0 ? own : all).GroupBy(path => path[..(path.LastIndexOf('/') + 1)]))
        {
            var groups = folder.GroupBy(format.VariantOf, StringComparer.OrdinalIgnoreCase).ToArray();
            var best = groups.MinBy(group => (format.Rank(group.Key), group.Key.Length, group.Key))!; // a group has a member
            foreach (var path in groups.Length == 1 ? folder : groups.Where(group => group == best || format.IsCompanion(group.Key)).SelectMany(group => group))
                chosen.Add(path);
        }
        return chosen;
    }

    private static bool IsDocument(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name is ".gitattributes" or ".gitignore" or "README.md" or "MODEL_CARD.md" or "CITATION.cff"
            || (Path.GetExtension(name).ToLowerInvariant() is ".md" or ".png" or ".jpg" or ".jpeg" or ".gif" or ".svg" or ".pdf" or ".ipynb" or ".mp4" or ".webp");
    }
}
