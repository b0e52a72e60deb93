using System.Globalization;
using Gpux.Conversion;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>An ONNX file as a model that runs: the graph is there, and the rest is found by what it says of itself.</summary>
public static class OnnxVariant
{
    private const string Extension = ".onnx";

    /// <summary>The ONNX file of this machine that a reference names, itself or by a folder that holds it and is no repository.</summary>
    /// <returns>Null if it names none.</returns>
    /// <exception cref="AmbiguousGraphException">The folder holds several.</exception>
    public static string? Find(ModelReference model)
    {
        if (model.Registry != ModelReference.Local)
            return null;
        if (File.Exists(model.Name))
            return model.Name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? model.Name : null;
        if (!Directory.Exists(model.Name) || File.Exists(Path.Combine(model.Name, "config.json")))
            return null;
        var graphs = Directory.GetFiles(model.Name, $"*{Extension}");
        return graphs.Length > 1 ? throw new AmbiguousGraphException(model.Name, [.. graphs.Select(graph => Path.GetFileName(graph)).Order(StringComparer.Ordinal)])
            : graphs is [var only] ? only : null;
    }

    /// <param name="path">The file, see <see cref="Find"/>.</param>
    /// <exception cref="GpuxException">What it needs besides its graph cannot be had.</exception>
    internal static async Task<PreparedModel> PrepareAsync(
        string path, HubConfigurations configurations, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        var model = new ModelReference(ModelReference.Local, file.FullName);
        var configuration = await configurations.LoadAsync(file.FullName, progress, cancellationToken);
        if (configuration.Refusal is { } refusal)
            throw refusal;
        var folder = Path.GetDirectoryName(file.FullName)!; // a file lies in a folder
        var variant = new Variant(folder, file.FullName, TaskOf(configuration), configuration.Origin.ClassName, folder, []);
        // Other than the local registry's, as a digest of the content would take as long as all else before the session opens.
        var commit = string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks:x16}{file.Length:x24}");
        var manifest = new ModelManifest(model, commit, [new ModelFile(file.Name, file.Length, null)], Source: file.FullName);
        return new PreparedModel(new ResolvedModel(model, manifest, ListsEveryFile: true, FromStore: false), configuration.Files, variant, Conversion: null);
    }

    // As the file states it, else as the Hub does, else by the class.
    private static string TaskOf(HubConfiguration configuration)
    {
        if (configuration.Origin.Task is { } stated)
            return stated;
        if (configuration.Model?.Properties.GetValueOrDefault("pipeline_tag") is { } tagged)
            return tagged;
        var className = configuration.Origin.ClassName ?? (ModelConfig.Load(configuration.Files).Architectures is [var first, ..] ? first : "");
        return ClassTask.Find(className) ?? ModelTask.FeatureExtraction;
    }
}
