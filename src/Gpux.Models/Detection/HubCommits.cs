using Gpux.Registries;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>Finds the whole commit that some exporters record the first digits of.</summary>
internal sealed class HubCommits(RegistryEnvironment environment, ModelStore store)
{
    /// <param name="prefix">7 to 39 hexadecimal digits.</param>
    /// <returns>40 digits: those of a snapshot on this machine, else of a commit of the default branch.</returns>
    /// <exception cref="CommitPrefixException">None begins so, or more than one does.</exception>
    /// <exception cref="GpuxException">The Hub cannot be asked, or will not say.</exception>
    public async Task<string> FindAsync(string id, string prefix, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (Only(Snapshots(id), id, prefix) is { } here)
            return here;
        try
        {
            // Many mirrors, and often the Hub, understand the beginning of a commit as git does.
            var asked = new ModelReference(ModelReference.HuggingFace, id, prefix);
            var commit = (await store.ResolveAsync(asked, Lookup.Registry, progress, cancellationToken)).Manifest.Commit;
            if (commit.StartsWith(prefix, StringComparison.Ordinal))
                return commit;
        }
        catch (RevisionNotFoundException)
        {
            // Then it must be looked for.
        }
        return Only(await store.ListCommitsAsync(new ModelReference(ModelReference.HuggingFace, id), cancellationToken), id, prefix) ?? throw new CommitPrefixException(id, prefix, "no commit of the default branch begins so");
    }

    private static string? Only(IEnumerable<string> commits, string id, string prefix)
    {
        var matches = commits.Where(commit => commit.StartsWith(prefix, StringComparison.Ordinal)).Distinct().Take(2).ToArray();
        return matches.Length < 2 ? matches.FirstOrDefault()
            : throw new CommitPrefixException(id, prefix, $"more than one commit begins so: {string.Join(", ", matches)}");
    }

    private IEnumerable<string> Snapshots(string id)
    {
        var folder = Path.Combine(HubSettings.Read(environment).CacheFolder, $"models--{id.Replace("/", "--")}", "snapshots");
        return Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(name => HubModelInfo.IsHex(name, 40)) : [];
    }
}
