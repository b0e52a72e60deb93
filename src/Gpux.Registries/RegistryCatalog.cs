using Gpux.Registries.Configuration;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Local;
using Gpux.Registries.Mlflow;
using Gpux.Registries.S3;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;
using Gpux.Registries.Wandb;
using Gpux.Registries.Web;

namespace Gpux.Registries;

/// <summary>All registries, a line each.</summary>
public static class RegistryCatalog
{
    /// <summary>Those that come with the program.</summary>
    public static IReadOnlyList<RegistryEntry> All { get; } =
    [
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e)) { Files = HubCache.Open, Example = "org/name, org/name@revision or hf:name" },
        new(ModelReference.Samples, "Models that come with GPUX", e => new SamplesRegistry(e)) { IsOnThisMachine = true, Example = "samples/language-id" },
        new(ModelReference.Local, "Folders and files", _ => new LocalRegistry()) { IsOnThisMachine = true, Files = FilesInPlace.Open, Example = "./folder or /path/to/folder" },
        new("mlflow", "MLflow model registries and runs", e => new MlflowRegistry(e)) { Schemes = ["mlflow", "models", "runs"], Read = (scheme, rest) => MlflowReference.Read("mlflow", scheme, rest), Example = "models:/name@alias or runs:/run/path" },
        new("s3", "Amazon S3 and storages that speak its protocol", S3Registry.Amazon) { Read = ObjectAddress.Read, Example = "s3://bucket/folder" },
        new("gs", "Google Cloud Storage", S3Registry.Google) { Read = ObjectAddress.Read, Example = "gs://bucket/folder" },
        new("wandb", "Weights & Biases", e => new WandbRegistry(e)) { Read = (_, rest) => WandbReference.Read("wandb", rest), ReadAddress = address => WandbReference.ReadAddress("wandb", address), Example = "wandb:entity/project/collection:alias" },
        // The last: it takes every address that is no other registry's.
        new("web", "Files and folders of web servers", e => new WebRegistry(e)) { Read = WebAddress.Read, ReadAddress = address => WebAddress.Read("web", address.AbsoluteUri), Example = "https://host/folder/" },
    ];

    /// <summary>Those that this user can name: what comes with the program, and what is configured.</summary>
    public static RegistryList For(RegistryEnvironment environment) => new(new RegistriesFile(environment));
}
