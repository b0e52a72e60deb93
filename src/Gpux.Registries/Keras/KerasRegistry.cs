using System.Globalization;
using Gpux.Registries.Http;
using Gpux.Registries.Kaggle;

namespace Gpux.Registries.Keras;

/// <summary>Reads the weights of keras.applications. The presets of KerasHub are Kaggle's or the Hugging Face Hub's.</summary>
/// <remarks>Source: keras 3.11, keras/src/applications and utils/file_utils.py.</remarks>
public sealed class KerasRegistry : IModelRegistry, IModelSearch
{
    internal const string Name = "keras";
    private const string Title = "Keras applications";
    private const string WithTop = "top";
    private const string WithoutTop = "notop";

    // Names of the 1000 classes, in the order of the head's outputs.
    private static readonly ModelFile Labels = new("imagenet_class_index.json", SizeBytes: null, Digest.Parse("md5:c2c37ea517e94d9795004a39431a14cb"))
    {
        ObjectId = "download.tensorflow.org/data/imagenet_class_index.json",
    };

    private readonly Uri _storage;
    private readonly RegistryClient _client;

    /// <exception cref="RegistryUnreachableException">GPUX_KERAS_ENDPOINT is no web address.</exception>
    public KerasRegistry(RegistryEnvironment environment)
    {
        _storage = ServerAddress.Read(environment, Title, "GPUX_KERAS_ENDPOINT", "https://storage.googleapis.com");
        _client = new RegistryClient(environment, new RegistryHttp(environment, Title, _storage, credential: null),
            "Pull again later; the files are public.");
    }

    /// <summary>Reads a model of keras.applications, or a preset of KerasHub: "model/preset" or its URI.</summary>
    /// <exception cref="InvalidReferenceException">It is neither.</exception>
    internal static ModelReference Read(string text)
    {
        foreach (var scheme in (ReadOnlySpan<string>)["kaggle", "hf", "modelscope"])
        {
            if (!text.StartsWith($"{scheme}://", StringComparison.Ordinal))
                continue;
            var preset = text[(scheme.Length + 3)..];
            return scheme == KaggleRegistry.Name ? KaggleHandle.ReadReference(preset) : ModelReference.ReadPlain(scheme, preset);
        }
        var model = ModelReference.ReadPlain(Name, text);
        return model.Name.Split('/') switch
        {
            [_] => model,
            [var family, var preset] => KaggleHandle.ReadReference(
                $"keras/{family}/keras/{preset}{(model.Revision is null ? "" : "@" + model.Revision)}"),
            _ => throw new InvalidReferenceException($"{Name}:{text}", "a Keras model is a name such as ResNet50, or model/preset of KerasHub"),
        };
    }

    /// <summary>The cache of Keras itself, whose files are used where they lie if their hash is the published one.</summary>
    internal static string? FindInCache(RegistryEnvironment environment, ModelManifest manifest, ModelFile file)
    {
        // Without a hash nothing tells a whole file from a broken download.
        if (file.Digest is null)
            return null;
        var name = file.Path == Labels.Path ? file.Path
            : KerasApplications.Find(manifest.Model.Name, HasTop(manifest))?.CachedName ?? file.Path;
        foreach (var home in (ReadOnlySpan<string>)[environment.Folder("KERAS_HOME") ?? Path.Combine(environment.Home, ".keras"), "/tmp/.keras"])
        {
            var path = Path.Combine(home, "models", name);
            if (File.Exists(path))
                return path;
        }
        return null;
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        foreach (var hasTop in (bool[])[true, false])
        {
            var found = KerasApplications.Find(model.Name, hasTop) ?? throw new ModelNotFoundException(model.ToString(),
                $"keras.applications has no model '{Printable.Text(model.Name)}'.", $"Close to it: {string.Join(", ", Closest(model.Name))}.");
            if (!model.IsPinned && (model.Revision ?? WithTop) != (hasTop ? WithTop : WithoutTop))
                continue;
            var manifest = Manifest(model, found, await WeightsAsync(model, found, cancellationToken));
            if (!model.IsPinned || manifest.Commit.Equals(model.Revision, StringComparison.OrdinalIgnoreCase))
                return manifest;
        }
        throw model.IsPinned ? new RevisionNotFoundException(model) : new UnknownHeadException(model);
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var address = new Uri(_storage, file.ObjectId ?? throw new FileNotInModelException(manifest, file.Path));
        return _client.OpenAsync(new RegistryRequest(address), manifest, file, range, reply => GoogleHash.OfFile(reply, Title), cancellationToken)
            .WithSizeAsync(file, Title, address);
    }

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var words = search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Neither licences nor sizes are stated.
        var isPossible = search.Licence is null && (search.Task is null or "image-classification");
        return Task.FromResult<IReadOnlyList<FoundModel>>([.. KerasApplications.All(hasTop: true)
            .Where(model => isPossible && words.All(word => model.Name.Contains(word, StringComparison.OrdinalIgnoreCase)
                || "keras imagenet image classification".Contains(word, StringComparison.OrdinalIgnoreCase)))
            .Take(search.Limit)
            .Select(model => new FoundModel(new ModelReference(Name, model.Name))
            {
                Description = $"ImageNet, {model.InputSize} x {model.InputSize} pixels; also without head: {Name}:{model.Name}@{WithoutTop}",
                Task = "image-classification",
                Library = "keras",
            })]);
    }

    // Where Keras has no hash, the storage is asked for its own.
    private async Task<ModelFile> WeightsAsync(ModelReference model, KerasApplication found, CancellationToken cancellationToken)
    {
        var weights = new ModelFile(found.FileName, SizeBytes: null, found.Digest) { ObjectId = found.Path };
        if (found.Digest is not null)
            return weights;
        var probe = await FileProbe.SendAsync(_client, new Uri(_storage, found.Path), model, cancellationToken);
        return probe.Digest is not null ? weights with { SizeBytes = probe.SizeBytes, Digest = probe.Digest }
            : throw new UnexpectedReplyException(Title, probe.Address, "it states no hash of the file, as the storage of Keras does.");
    }

    private static ModelManifest Manifest(ModelReference model, KerasApplication found, ModelFile weights)
    {
        ModelFile[] files = found.HasTop ? [weights, Labels] : [weights];
        return new ModelManifest(model with { Name = found.Name, Path = null }, CommitId.Of(files), files, Licence: null, "https://keras.io/api/applications/")
        {
            Properties = new Dictionary<string, string>
            {
                ["library_name"] = "keras",
                ["pipeline_tag"] = found.HasTop ? "image-classification" : "image-feature-extraction",
                ["application"] = found.Name,
                ["include_top"] = found.HasTop ? "true" : "false",
                ["input_size"] = found.InputSize.ToString(CultureInfo.InvariantCulture),
                ["preprocessing"] = found.Preprocessing,
            },
        };
    }

    private static bool HasTop(ModelManifest manifest) => manifest.Properties.GetValueOrDefault("include_top") != "false";

    private static List<string> Closest(string name)
    {
        var letters = new string([.. name.TakeWhile(char.IsAsciiLetter)]);
        var close = KerasApplications.All(hasTop: true).Select(model => model.Name)
            .Where(known => letters.Length > 0 && known.Contains(letters, StringComparison.OrdinalIgnoreCase)).Take(10).ToList();
        return close.Count > 0 ? close : ["ResNet50", "MobileNetV2", "EfficientNetB0", "VGG16", "ConvNeXtTiny"];
    }
}

/// <summary>A model of keras.applications comes with its classification head or without; nothing else stands after '@'.</summary>
public sealed class UnknownHeadException(ModelReference model) : GpuxException(
    ErrorCode.UnknownVariation,
    $"{model.Registry}:{model.Name} has no '{model.Revision}'.",
    "After '@' comes top (with the classification head, as without '@') or notop.");
