using System.Runtime.InteropServices;

namespace Gpux.Conversion;

/// <summary>How a graph file finds its weights.</summary>
public enum WeightStorage
{
    /// <summary>Where they lie. The file is for GPUX alone: it names them relative to a folder that is given when it is opened.</summary>
    Referenced,

    /// <summary>Hard links beside the graph: a folder that any runtime opens, and that takes no space.</summary>
    Linked,

    /// <summary>One file beside the graph with a copy of every weight: a folder that depends on nothing else.</summary>
    Copied,
}

/// <summary>Where the weight files of a graph are, and what the graph calls them.</summary>
/// <param name="Folder">What the names are relative to.</param>
/// <param name="Locations">From a file's name in the repository to its name in the graph.</param>
internal sealed record WeightPlacement(string Folder, IReadOnlyDictionary<string, string> Locations)
{
    /// <summary>Names files where they lie, relative to the deepest folder that holds all of them.</summary>
    public static WeightPlacement Reference(ModelFiles files, IReadOnlyList<string> weightFiles, string graphFolder)
    {
        if (weightFiles.Count == 0)
            return new WeightPlacement(graphFolder, new Dictionary<string, string>());
        var paths = weightFiles.ToDictionary(name => name, name => RealPath(files.Require(name)));
        var folder = Path.GetDirectoryName(paths.Values.First())!; // a file lies in a folder
        while (!paths.Values.All(path => path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new WeightPlacementException(
                $"The weight files lie on different drives: {string.Join(", ", paths.Values)}.", "Put them on one drive, or convert with --self-contained.");
        }
        return new WeightPlacement(folder, paths.ToDictionary(path => path.Key, path => Path.GetRelativePath(folder, path.Value).Replace('\\', '/')));
    }

    /// <summary>Makes hard links beside the graph, under the names that the files have in the repository.</summary>
    /// <exception cref="WeightPlacementException">The file system does not allow it, such as across two of them.</exception>
    public static WeightPlacement Link(ModelFiles files, IReadOnlyList<string> weightFiles, string graphFolder)
    {
        foreach (var name in weightFiles)
        {
            var link = Path.Combine(graphFolder, name.Replace('/', Path.DirectorySeparatorChar));
            var target = RealPath(files.Require(name));
            if (link == target)
                continue; // the graph is written beside its weights
            Directory.CreateDirectory(Path.GetDirectoryName(link)!); // a file lies in a folder
            File.Delete(link);
            if (!HardLink.TryCreate(link, target))
                throw new WeightPlacementException($"'{link}' cannot become a hard link to '{target}' ({Marshal.GetLastPInvokeErrorMessage()}).",
                    "Choose a folder on the same file system (-o), or copy the weights: --self-contained.");
        }
        return new WeightPlacement(graphFolder, weightFiles.ToDictionary(name => name));
    }

    private static string RealPath(string path) => Path.GetFullPath(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
}

/// <summary>A second name for the same bytes.</summary>
internal static partial class HardLink
{
    /// <summary>False where the system refuses; the reason is the last P/Invoke error.</summary>
    public static bool TryCreate(string link, string target) =>
        OperatingSystem.IsWindows() ? CreateHardLink(link, target, 0) : Link(target, link) == 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string target, string link);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string link, string target, nint reserved);
}

/// <summary>Weights cannot be placed where the graph needs them.</summary>
public sealed class WeightPlacementException(string problem, string remedy) : GpuxException(ErrorCode.WeightPlacement, problem, remedy);
