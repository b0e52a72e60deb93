using Gpux.Conversion;
using Gpux.Onnx;
using Gpux.Registries;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>Where a model comes from.</summary>
public enum SourceKind
{
    /// <summary>The Hugging Face Hub, whether it is on this machine or not.</summary>
    Hub,

    /// <summary>Another registry, which the text names.</summary>
    Registry,

    /// <summary>A folder or file of this machine that says of no other place.</summary>
    Local,

    /// <summary>Clearly a path, but nothing is there.</summary>
    Missing,

    /// <summary>No reading is legal.</summary>
    Invalid,
}

/// <summary>What told where a model comes from.</summary>
public enum SourceEvidence
{
    /// <summary>What the user wrote.</summary>
    Reference,

    /// <summary>The path lies, or lay, in a Hub cache.</summary>
    CachePath,

    /// <summary>config.json: _name_or_path, or model_type and architectures.</summary>
    Configuration,

    /// <summary>The metadata of an ONNX file.</summary>
    OnnxMetadata,
}

/// <summary>What the Hub said when it was asked.</summary>
public enum HubVerification
{
    /// <summary>It was not asked, or did not answer, or will not say.</summary>
    Unverified,

    /// <summary>It has the model, and calls the same commit by the revision.</summary>
    Verified,

    /// <summary>It has the model, and calls another commit by the revision.</summary>
    OtherCommit,

    /// <summary>It has no such model or revision, or this user may not see it.</summary>
    NotFound,
}

/// <summary>Where a model comes from, as far as a text, a folder or a file tells.</summary>
/// <param name="Text">What was asked about.</param>
public sealed record ModelSource(SourceKind Kind, string Text, SourceEvidence Evidence = SourceEvidence.Reference)
{
    private const string ConfigurationFile = "config.json";

    /// <summary>The name in its registry: on the Hub, the id.</summary>
    public string? Id { get; init; }

    /// <summary>The registry's short name; null of what is local, missing or invalid.</summary>
    public string? Registry { get; init; }

    /// <summary>A branch, tag or commit as it was found; null for the registry's default.</summary>
    public string? Revision { get; init; }

    /// <summary>40 hexadecimal digits, where they are known.</summary>
    public string? Commit { get; init; }

    /// <summary>The folder or file on this machine; null if there is none.</summary>
    public string? Path { get; init; }

    /// <summary>The family, such as "bert", that config.json names.</summary>
    public string? ModelType { get; init; }

    /// <summary>The classes that config.json names; empty if it names none.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>Of what is local: whether it has the form of the Hub's models, so that what reads these reads it.</summary>
    public bool IsHubCompatible => Kind == SourceKind.Local && ModelType is not null && Architectures.Count > 0;

    /// <summary>Why the text is invalid or nothing is there, as a sentence; null otherwise.</summary>
    public string? Problem { get; init; }

    public HubVerification Verification { get; init; }

    /// <summary>What the Hub, or the way to it, said; null if nothing is to be said.</summary>
    public string? VerificationNote { get; init; }

    /// <summary>Tells where a model comes from, without a request: by the form of the text, then of what is there by its place in a
    /// Hub cache, what its config.json states, and what an ONNX file states of itself.</summary>
    /// <param name="text">What a user calls a model, a folder or a file.</param>
    /// <param name="forms">How references of registries besides hf, samples and local are written; null for none.</param>
    /// <param name="endpoint">The Hub's web address, whose links are accepted besides huggingface.co's.</param>
    public static ModelSource Detect(string text, IReferenceForms? forms = null, Uri? endpoint = null)
    {
        try
        {
            var reference = ModelReference.Parse(text, forms, endpoint);
            return reference.Registry switch
            {
                ModelReference.HuggingFace => new ModelSource(SourceKind.Hub, text)
                {
                    Registry = reference.Registry, Id = reference.Name, Revision = reference.Revision, Commit = reference.IsPinned ? reference.Revision : null,
                },
                ModelReference.Local => OfPath(text, System.IO.Path.GetFullPath(reference.Name)),
                _ => new ModelSource(SourceKind.Registry, text) { Registry = reference.Registry, Id = reference.Name, Revision = reference.Revision },
            };
        }
        catch (GpuxException refusal) when (refusal is ModelNotFoundException or InvalidReferenceException)
        {
            // The cache of another machine, or one that was emptied, still tells what was in it.
            var cached = HubCachePath.Parse(text);
            if (cached is not null && text.AsSpan().ContainsAny('/', '\\'))
                return OfCache(text, cached);
            return new ModelSource(refusal is ModelNotFoundException ? SourceKind.Missing : SourceKind.Invalid, text)
            {
                Problem = cached is null ? refusal.Message : $"{refusal.Message} The model of such a folder is {cached.Id}.",
            };
        }
    }

    /// <summary>Asks the Hub whether it has the model, and which commit it calls by the revision. Only for <see cref="SourceKind.Hub"/>.</summary>
    /// <returns>The same with the answer: the Hub's spelling of the id, and the commit where it was not known.</returns>
    public async Task<ModelSource> VerifyAsync(ModelStore store, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (Kind != SourceKind.Hub || Id is null)
            throw new InvalidOperationException($"'{Text}' is not of the Hub, so the Hub cannot be asked.");
        try
        {
            var asked = new ModelReference(ModelReference.HuggingFace, Id, Revision ?? Commit);
            var manifest = (await store.ResolveAsync(asked, Lookup.Registry, progress, cancellationToken)).Manifest;
            var isSame = Commit is null || Commit == manifest.Commit;
            return this with
            {
                Id = manifest.Model.Name,
                Commit = Commit ?? manifest.Commit,
                Verification = isSame ? HubVerification.Verified : HubVerification.OtherCommit,
                VerificationNote = isSame ? null : $"The Hub calls commit {manifest.Commit} {asked.Revision ?? "main"}.",
            };
        }
        catch (GpuxException refusal) when (refusal is ModelNotFoundException or RevisionNotFoundException)
        {
            return this with { Verification = HubVerification.NotFound, VerificationNote = refusal.Message };
        }
        catch (GpuxException refusal) when (refusal is OfflineException or RegistryUnreachableException or AccessDeniedException
            or RateLimitedException or UnexpectedReplyException or GatedModelException or ModelDisabledException)
        {
            return this with { Verification = HubVerification.Unverified, VerificationNote = refusal.Message };
        }
    }

    private static ModelSource OfPath(string text, string path)
    {
        var local = new ModelSource(SourceKind.Local, text) { Path = path };
        if (HubCachePath.Parse(path) is { } cached)
            return OfCache(text, cached.Complete()) with { Path = path };
        var isFolder = Directory.Exists(path);
        // A file speaks for itself before its neighbours do.
        if (!isFolder && IsOnnx(path) && OfOnnx(local, path) is { } byFile)
            return byFile;
        var configured = OfConfiguration(local, isFolder ? path : System.IO.Path.GetDirectoryName(path)!); // a file lies in a folder
        if (configured.Kind == SourceKind.Hub || !isFolder)
            return configured;
        // All graphs of one folder are of one model.
        return Directory.EnumerateFiles(path, "*.onnx", new EnumerationOptions { IgnoreInaccessible = true }).Order(StringComparer.Ordinal).FirstOrDefault() is { } graph
            ? OfOnnx(local, graph) ?? configured : configured;
    }

    private static bool IsOnnx(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    private static ModelSource OfCache(string text, HubCachePath cached) => new(SourceKind.Hub, text, SourceEvidence.CachePath)
    {
        Registry = ModelReference.HuggingFace, Id = cached.Id, Revision = cached.Commit, Commit = cached.Commit,
    };

    private static ModelSource OfConfiguration(ModelSource local, string folder)
    {
        var path = System.IO.Path.Combine(folder, ConfigurationFile);
        try
        {
            if (!File.Exists(path))
                return local;
            var config = ModelConfig.Load(new ModelFiles(new Dictionary<string, string> { [ConfigurationFile] = path }, folder));
            local = local with
            {
                Evidence = SourceEvidence.Configuration,
                ModelType = config.ModelType is { Length: > 0 } type ? type : null,
                Architectures = config.Architectures,
            };
            return config.Text("_name_or_path", "") is { Length: > 0 } trace && OfTrace(trace) is { } origin
                ? local with
                {
                    Kind = SourceKind.Hub, Registry = ModelReference.HuggingFace, Id = origin.Id, Revision = origin.Commit, Commit = origin.Commit,
                }
                : local;
        }
        catch (Exception exception) when (exception is InvalidConfigException or IOException or UnauthorizedAccessException)
        {
            return local; // It tells nothing; whoever opens the model says why.
        }
    }

    // What the library that saved the model had loaded it from: an id, a path in a cache, or another path, which tells nothing.
    private static (string Id, string? Commit)? OfTrace(string trace) =>
        trace.AsSpan().ContainsAny('/', '\\') && HubCachePath.Parse(trace) is { } cached ? (cached.Id, cached.Commit)
        : ModelReference.HubIdProblem(trace) is null ? (trace, null) : null;

    private static ModelSource? OfOnnx(ModelSource local, string path)
    {
        try
        {
            var origin = OnnxOrigin.Read(path);
            if (origin.Id is null)
                return null;
            var commit = origin.Revision is { Length: 40 } revision && revision.All(char.IsAsciiHexDigit) ? revision.ToLowerInvariant() : null;
            return origin.IsOnHub
                ? local with
                {
                    Kind = SourceKind.Hub, Evidence = SourceEvidence.OnnxMetadata, Registry = ModelReference.HuggingFace, Id = origin.Id,
                    Revision = origin.Revision, Commit = commit,
                }
                : local with { Evidence = SourceEvidence.OnnxMetadata, Id = origin.Id, Revision = origin.Revision };
        }
        catch (GpuxException exception) when (exception is InvalidOnnxException or ModelNotFoundException)
        {
            return null; // As above.
        }
    }
}
