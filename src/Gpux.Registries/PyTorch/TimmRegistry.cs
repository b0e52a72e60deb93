using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.PyTorch;

/// <summary>Reads weights by timm's names. They are on the Hugging Face Hub, as timm/{name}; those of
/// <see cref="Direct"/> are at their authors' own addresses too.</summary>
/// <remarks>Source: timm 1.0, timm/models/_factory.py (names) and the pretrained_cfg of each model (addresses).</remarks>
public sealed class TimmRegistry(RegistryEnvironment environment) : IModelRegistry, IModelSearch
{
    /// <summary>What stands before the colon of a reference.</summary>
    public const string Name = "timm";

    /// <summary>What timm itself writes before an id of the Hub.</summary>
    public const string HubScheme = "hf-hub";

    /// <summary>The revision that means the author's own address instead of the Hub.</summary>
    public const string Direct = "direct";

    private const string LocalScheme = "local-dir:";
    private const string Rwightman = "https://github.com/rwightman/pytorch-image-models/releases/download/";
    private const string Huggingface = "https://github.com/huggingface/pytorch-image-models/releases/download/";
    private const string Facebook = "https://dl.fbaipublicfiles.com/";

    private static readonly (string Name, string Address)[] DirectAddresses =
    [
        ("convnext_tiny.fb_in1k", Facebook + "convnext/convnext_tiny_1k_224_ema.pth"),
        ("deit_base_patch16_224.fb_in1k", Facebook + "deit/deit_base_patch16_224-b5f2ef4d.pth"),
        ("deit_small_patch16_224.fb_in1k", Facebook + "deit/deit_small_patch16_224-cd65a155.pth"),
        ("efficientnet_b0.ra_in1k", Rwightman + "v0.1-weights/efficientnet_b0_ra-3dd342df.pth"),
        ("mobilenetv2_100.ra_in1k", Rwightman + "v0.1-weights/mobilenetv2_100_ra-b33bc2c4.pth"),
        ("mobilenetv3_large_100.ra_in1k", Rwightman + "v0.1-weights/mobilenetv3_large_100_ra-f55367f5.pth"),
        ("mobilenetv3_small_100.lamb_in1k", Rwightman + "v0.1-weights/mobilenetv3_small_100_lamb-266a294c.pth"),
        ("resnet18.a1_in1k", Huggingface + "v0.1-rsb-weights/resnet18_a1_0-d63eafa0.pth"),
        ("resnet34.a1_in1k", Huggingface + "v0.1-rsb-weights/resnet34_a1_0-46f8f793.pth"),
        ("resnet50.a1_in1k", Rwightman + "v0.1-rsb-weights/resnet50_a1_0-14fe96d1.pth"),
        ("resnext50_32x4d.a1h_in1k", Rwightman + "v0.1-rsb-weights/resnext50_32x4d_a1h-0146ab0a.pth"),
        ("swin_tiny_patch4_window7_224.ms_in1k",
            "https://github.com/SwinTransformer/storage/releases/download/v1.0.0/swin_tiny_patch4_window7_224.pth"),
        ("tf_efficientnetv2_s.in21k_ft_in1k", Rwightman + "v0.1-effv2-weights/tf_efficientnetv2_s_21ft1k-d7dafa41.pth"),
        ("vit_small_patch14_dinov2.lvd142m", Facebook + "dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth"),
    ];

    /// <summary>Reads "architecture.tag", "hf-hub:org/repo[@rev]" and "local-dir:path". All but "architecture.tag@direct" is the
    /// Hub's or a folder's, and is called so from then on.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string scheme, string text)
    {
        if (scheme == HubScheme)
            return ModelReference.Parse($"{ModelReference.HuggingFace}:{text}");
        if (text.StartsWith(HubScheme + ":", StringComparison.Ordinal))
            return ReadReference(HubScheme, text[(HubScheme.Length + 1)..]);
        if (text.StartsWith(LocalScheme, StringComparison.Ordinal))
            return ModelReference.Parse($"{ModelReference.Local}:{text[LocalScheme.Length..]}");
        var model = ModelReference.ReadPlain(Name, text);
        // As timm itself: it would not be clear whose name it is.
        if (model.Name.AsSpan().ContainsAny('/', '\\', ':'))
            throw new InvalidReferenceException($"{Name}:{text}",
                "a name of timm has no '/', '\\' or ':'; for an id of the Hub write timm:hf-hub:org/name");
        // A commit of 64 digits is ours, of 40 the Hub's.
        return model.Revision == Direct || model is { IsPinned: true, Revision.Length: 64 } ? model : ModelReference.Parse(
            $"{ModelReference.HuggingFace}:timm/{model.Name}{(model.Revision is null ? "" : $"@{model.Revision}")}");
    }

    public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var (name, address) = Array.Find(DirectAddresses, each => each.Name == model.Name);
        if (name is null)
            throw new ModelNotFoundException(model.ToString(), $"No address is known of '{model.Name}' besides the Hub's.",
                $"Those that are known: {string.Join(", ", DirectAddresses.Select(each => each.Name))}. For the Hub's leave out @{Direct}.");
        var fileName = address[(address.LastIndexOf('/') + 1)..];
        var file = new ModelFile(fileName, SizeBytes: null, TorchFile.DigestInName(fileName)) { ObjectId = address };
        var commit = CommitId.Of([file], address);
        if (model.Revision is not (null or Direct) && model.Revision != commit)
            throw new RevisionNotFoundException(model);
        return Task.FromResult(new ModelManifest(model with { Path = null }, commit, [file], Source: $"https://huggingface.co/timm/{name}")
        {
            Properties = new Dictionary<string, string>
            {
                ["library_name"] = Name, ["pipeline_tag"] = "image-classification", ["architecture"] = name.Split('.')[0],
            },
        });
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var address = new Uri(file.ObjectId ?? throw new FileNotInModelException(manifest, file.Path));
        return TorchFile.OpenAsync(environment, address, manifest, file, range, cancellationToken);
    }

    /// <summary>Searches the Hub for models of the library timm.</summary>
    public async Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        IModelRegistry hub = new HuggingFaceRegistry(environment);
        if (hub is IModelSearch searchable)
            return await searchable.SearchAsync(search with { Words = $"timm/{search.Words}" }, cancellationToken);
        return [.. DirectAddresses.Where(each => each.Name.Contains(search.Words, StringComparison.OrdinalIgnoreCase)).Take(search.Limit)
            .Select(each => new FoundModel(new ModelReference(ModelReference.HuggingFace, $"timm/{each.Name}")) { Library = Name })];
    }
}
