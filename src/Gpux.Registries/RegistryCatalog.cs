using Gpux.Registries.Configuration;
using Gpux.Registries.GitHub;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Local;
using Gpux.Registries.Mlflow;
using Gpux.Registries.ModelScope;
using Gpux.Registries.Oci;
using Gpux.Registries.Ollama;
using Gpux.Registries.PyTorch;
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
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e))
        {
            Files = HubCache.Open, TokenVariables = [HubSettings.TokenVariable, HubSettings.FormerTokenVariable],
            Example = "org/name, org/name@revision or hf:name",
        },
        new(OciName.Registry, "Models in container registries: ORAS, Docker, ModelPack", e => new OciRegistry(e))
        {
            Read = (_, rest) => OciName.ReadReference(rest), Example = "oci:ai/smollm2:360M-Q4_K_M or oci:ghcr.io/org/model:v1",
        },
        new(OllamaName.Registry, "Ollama", e => new OllamaRegistry(e))
        {
            Read = (_, rest) => OllamaName.ReadReference(rest), Files = OllamaRegistry.Files,
            Example = "ollama:llama3.2:1b or ollama:hf.co/org/name:Q4_K_M",
        },
        new(ModelScopeRegistry.Name, "ModelScope", e => new ModelScopeRegistry(e))
        {
            Read = (_, rest) => ModelScopeRegistry.ReadReference(rest), ReadAddress = ModelScopeRegistry.ReadAddress,
            Example = "modelscope:owner/name",
        },
        new(GitHubName.Registry, "GitHub: repositories and releases", e => new GitHubRegistry(e))
        {
            Read = (_, rest) => GitHubName.ReadReference(rest), ReadAddress = GitHubName.ReadAddress,
            Example = "github:owner/name@v1.0//folder or github:owner/name/releases@v1.0",
        },
        new(TorchvisionRegistry.Name, "Weights of torchvision", e => new TorchvisionRegistry(e))
        {
            Read = (_, rest) => TorchvisionRegistry.ReadReference(rest), Files = TorchFile.Store, Example = "torchvision:resnet50@IMAGENET1K_V2",
        },
        new(TorchHubRegistry.Name, "PyTorch Hub: repositories with a hubconf.py", e => new TorchHubRegistry(e))
        {
            Read = (_, rest) => TorchHubRegistry.ReadReference(rest), Files = TorchFile.Store,
            Example = "torchhub:facebookresearch/detr/detr_resnet50:main",
        },
        new(TimmRegistry.Name, "Weights by timm's names", e => new TimmRegistry(e))
        {
            Schemes = [TimmRegistry.Name, TimmRegistry.HubScheme], Read = TimmRegistry.ReadReference, Files = TorchFile.Store,
            Example = "timm:resnet50.a1_in1k",
        },
        new(TorchServeRegistry.Name, "TorchServe's model archives", e => new TorchServeRegistry(e))
        {
            Read = (_, rest) => TorchServeRegistry.ReadReference(rest), ReadAddress = TorchServeRegistry.ReadAddress,
            Example = "torchserve:densenet161 or https://host/name.mar",
        },
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
