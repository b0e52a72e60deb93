using Gpux.Registries.Http;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Local;
using Gpux.Registries.Mlflow;
using Gpux.Registries.Oci;
using Gpux.Registries.S3;
using Gpux.Registries.Store;
using Gpux.Registries.Wandb;
using Gpux.Registries.Web;

namespace Gpux.Registries.Configuration;

/// <summary>What a registry of one's own may be, a line each.</summary>
internal static class RegistryKinds
{
    private static readonly string[] Tls = ["ca", "client_certificate"];
    private static readonly string[] Login = ["token_variable", "username_variable", "password_variable"];
    private static readonly string[] Keys = ["access_key_variable", "secret_key_variable", "region"];

    public static IReadOnlyList<RegistryKind> All { get; } =
    [
        new("huggingface", "a server that speaks the Hugging Face Hub's interface", ["token_variable", .. Tls], OfHub),
        new("mlflow", "an MLflow server", [.. Login, .. Tls], OfMlflow),
        new("wandb", "a Weights & Biases server", ["token_variable", .. Tls], OfWandb),
        new("s3", "a storage that speaks Amazon's S3 protocol", [.. Keys, .. Tls], OfS3),
        new("web", "files below a web address", [.. Login, .. Tls], OfWeb),
        new("oci", "a container registry; docker login keeps its credentials", [], OfOci),
        new("local", "a folder with a folder for each model", [], OfFolder),
    ];

    public static RegistryKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);

    private static RegistryEntry OfHub(RegistryConfiguration of) => Entry(of, e => new HuggingFaceRegistry(of.Tls.Apply(e),
        HubSettings.For(e, of.Name, Address(of), of.TokenVariable ?? "a token variable"), () => of.Token(e))) with { Example = $"{of.Name}:org/name" };

    private static RegistryEntry OfMlflow(RegistryConfiguration of) => Entry(of, e => new MlflowRegistry(e, new MlflowSettings(Address(of).AbsoluteUri, Address(of).AbsoluteUri)
    {
        Name = of.Name,
        Title = of.Name,
        Credential = () => of.Credential(e),
        CredentialRemedy = of.CredentialRemedy,
        Tls = of.Tls,
    })) with { Read = (scheme, rest) => MlflowReference.Read(of.Name, scheme, rest), Example = $"{of.Name}:name@alias" };

    private static RegistryEntry OfWandb(RegistryConfiguration of) => Entry(of, e => new WandbRegistry(of.Tls.Apply(e), new WandbSettings(Address(of), null, null)
    {
        Name = of.Name,
        Title = of.Name,
        Credential = () => of.Token(e) is { } key ? WandbSettings.OfKey(key, of.TokenVariable ?? of.Name) : null,
        CredentialRemedy = of.CredentialRemedy,
    })) with { Read = (_, rest) => WandbReference.Read(of.Name, rest), Example = $"{of.Name}:entity/project/collection:alias" };

    private static RegistryEntry OfS3(RegistryConfiguration of) => Entry(of, e => new S3Registry(of.Tls.Apply(e),
        new S3Settings(of.Name, Address(of), of.Region ?? S3Settings.DefaultRegion)
        {
            Keys = () => of is { AccessKeyVariable: { } id, SecretKeyVariable: { } secret } && e.Variable(id) is { } key && e.Variable(secret) is { } value
                ? new S3Keys(key, value, null) : null,
            CredentialRemedy = of.CredentialRemedy,
        })) with { Read = (_, rest) => ObjectAddress.Read(of.Name, rest), Example = $"{of.Name}:bucket/folder" };

    private static RegistryEntry OfWeb(RegistryConfiguration of) => Entry(of, e => new WebRegistry(of.Tls.Apply(e), new WebSettings(of.Name, Address(of))
    {
        Title = of.Name,
        Credential = address => RegistryHttp.IsSameOrigin(address, Address(of)) ? of.Credential(e) : null,
        CredentialRemedy = of.CredentialRemedy,
    })) with { Read = (_, rest) => WebAddress.ReadBelow(of.Name, rest), Example = $"{of.Name}:folder/ or {of.Name}:model.onnx" };

    // Its references are those of the OCI registry, with the host in front.
    private static RegistryEntry OfOci(RegistryConfiguration of) => Entry(of, e => new OciRegistry(e)) with
    {
        Read = (_, rest) => OciName.ReadReference($"{Address(of).Authority}{Address(of).AbsolutePath}{rest}"), Example = $"{of.Name}:team/model:v1",
    };

    // Its references are those of the folders themselves: nothing is copied.
    private static RegistryEntry OfFolder(RegistryConfiguration of) => Entry(of, _ => new LocalRegistry()) with
    {
        IsOnThisMachine = true,
        Files = FilesInPlace.Open,
        Read = (scheme, rest) =>
        {
            var path = RepositoryPath.Problem(rest.TrimEnd('/')) is { } rule ? throw new InvalidReferenceException($"{scheme}:{rest}", rule)
                : Path.Combine(of.Url ?? "", rest.TrimEnd('/')); // RegistriesFile requires it
            return Path.Exists(path) ? new ModelReference(ModelReference.Local, path)
                : throw new ModelNotFoundException($"{scheme}:{rest}", $"There is no folder or file '{path}'.", "Check the spelling.");
        },
    };

    private static RegistryEntry Entry(RegistryConfiguration of, Func<RegistryEnvironment, IModelRegistry> open) =>
        new(of.Name, of.Description ?? $"{Find(of.Kind)?.Description}: {of.Url}", open) { Server = _ => of.Url };

    private static Uri Address(RegistryConfiguration of) => new((of.Url ?? "").TrimEnd('/') + "/"); // RegistriesFile has checked it
}

/// <param name="Description">For people, after "is".</param>
/// <param name="Keys">What may be configured besides kind, url and description.</param>
internal sealed record RegistryKind(
    string Name, string Description, IReadOnlyList<string> Keys, Func<RegistryConfiguration, RegistryEntry> Entry);
