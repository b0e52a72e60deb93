using Gpux.Registries.Configuration;
using Gpux.Registries.GitHub;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Kaggle;
using Gpux.Registries.Keras;
using Gpux.Registries.Local;
using Gpux.Registries.Mlflow;
using Gpux.Registries.ModelScope;
using Gpux.Registries.Oci;
using Gpux.Registries.Ollama;
using Gpux.Registries.OnnxZoo;
using Gpux.Registries.PyTorch;
using Gpux.Registries.S3;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;
using Gpux.Registries.TensorFlowHub;
using Gpux.Registries.Wandb;
using Gpux.Registries.Web;

namespace Gpux.Registries;

/// <summary>All registries, an entry each.</summary>
public static class RegistryCatalog
{
    /// <summary>Those that come with the program. The first that knows a web address has it.</summary>
    public static IReadOnlyList<RegistryEntry> All { get; } =
    [
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e))
        {
            Example = "org/name, org/name@revision or hf:name", Files = HubCache.Open,
            TokenVariables = [HubSettings.TokenVariable, HubSettings.FormerTokenVariable],
        },
        new(OnnxZooRegistry.Name, "ONNX Model Zoo", e => new OnnxZooRegistry(e))
        {
            Example = "onnx-zoo:MNIST-12 or onnx-zoo:ResNet50@7, the opset",
            Files = e => new BlobStore(e, (_, file) => OnnxZooRegistry.FindInCache(e, file)),
        },
        new(KaggleRegistry.Name, "Kaggle Models", e => new KaggleRegistry(e))
        {
            Example = "kaggle:keras/bert/keras/bert_tiny_en_uncased", TokenVariables = ["KAGGLE_API_TOKEN", "KAGGLE_KEY"],
            Server = e => KaggleSettings.ReadEndpoint(e).AbsoluteUri,
            Read = (_, rest) => KaggleHandle.ReadReference(rest), ReadAddress = KaggleHandle.ReadAddress,
            Files = e => new BlobStore(e, (manifest, file) => KaggleRegistry.FindInCache(e, manifest, file)),
        },
        new(TensorFlowHubRegistry.Name, "TensorFlow Hub", e => new TensorFlowHubRegistry(e))
        {
            Example = "tfhub:google/universal-sentence-encoder/4",
            Read = (_, rest) => TensorFlowHubRegistry.Read(rest), ReadAddress = TensorFlowHubRegistry.ReadAddress,
            Files = e => new BlobStore(e, (manifest, _) => manifest.Source is { } handle ? TensorFlowHubRegistry.FindInCache(e, handle) : null),
        },
        new(TorchvisionRegistry.Name, "Weights of torchvision", e => new TorchvisionRegistry(e))
        {
            Example = "torchvision:resnet50@IMAGENET1K_V2", Read = (_, rest) => TorchvisionRegistry.ReadReference(rest), Files = TorchFile.Store,
        },
        new(TorchHubRegistry.Name, "PyTorch Hub: repositories with a hubconf.py", e => new TorchHubRegistry(e))
        {
            Example = "torchhub:facebookresearch/detr/detr_resnet50:main",
            Read = (_, rest) => TorchHubRegistry.ReadReference(rest), Files = TorchFile.Store,
        },
        new(TimmRegistry.Name, "Weights by timm's names", e => new TimmRegistry(e))
        {
            Example = "timm:resnet50.a1_in1k", Schemes = [TimmRegistry.Name, TimmRegistry.HubScheme],
            Read = TimmRegistry.ReadReference, Files = TorchFile.Store,
        },
        new(TorchServeRegistry.Name, "TorchServe's model archives", e => new TorchServeRegistry(e))
        {
            Example = "torchserve:densenet161 or https://host/name.mar",
            Read = (_, rest) => TorchServeRegistry.ReadReference(rest), ReadAddress = TorchServeRegistry.ReadAddress,
        },
        new(KerasRegistry.Name, "Keras applications", e => new KerasRegistry(e))
        {
            Example = "keras:ResNet50 or keras:ResNet50@notop", Read = (_, rest) => KerasRegistry.Read(rest),
            Files = e => new BlobStore(e, (manifest, file) => KerasRegistry.FindInCache(e, manifest, file)),
        },
        new("mlflow", "MLflow model registries and runs", e => new MlflowRegistry(e))
        {
            Example = "models:/name@alias or runs:/run/path", TokenVariables = ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD"],
            Schemes = ["mlflow", "models", "runs"], Read = (scheme, rest) => MlflowReference.Read("mlflow", scheme, rest),
            Server = e => MlflowSettings.Read(e).Server,
        },
        new("wandb", "Weights & Biases", e => new WandbRegistry(e))
        {
            Example = "wandb:entity/project/collection:alias", TokenVariables = ["WANDB_API_KEY"],
            Server = e => WandbSettings.Read(e).Base.AbsoluteUri,
            Read = (_, rest) => WandbReference.Read("wandb", rest), ReadAddress = address => WandbReference.ReadAddress("wandb", address),
        },
        new(OllamaName.Registry, "Ollama", e => new OllamaRegistry(e))
        {
            Example = "ollama:llama3.2:1b or ollama:hf.co/org/name:Q4_K_M",
            Read = (_, rest) => OllamaName.ReadReference(rest), Files = OllamaRegistry.Files,
        },
        new(OciName.Registry, "Models in container registries: ORAS, Docker, ModelPack", e => new OciRegistry(e))
        {
            Example = "oci:ai/smollm2:360M-Q4_K_M or oci:ghcr.io/org/model:v1", Read = (_, rest) => OciName.ReadReference(rest),
        },
        new(ModelScopeRegistry.Name, "ModelScope", e => new ModelScopeRegistry(e))
        {
            Example = "modelscope:owner/name", TokenVariables = ["MODELSCOPE_API_TOKEN"],
            Server = e => ModelScopeRegistry.Address(e).AbsoluteUri,
            Read = (_, rest) => ModelScopeRegistry.ReadReference(rest), ReadAddress = ModelScopeRegistry.ReadAddress,
        },
        new(GitHubName.Registry, "GitHub: repositories and releases", e => new GitHubRegistry(e))
        {
            Example = "github:owner/name@v1.0//folder or github:owner/name/releases@v1.0", TokenVariables = GitHubApi.TokenVariables,
            Server = e => GitHubApi.Address(e).AbsoluteUri,
            Read = (_, rest) => GitHubName.ReadReference(rest), ReadAddress = GitHubName.ReadAddress,
        },
        new("s3", "Amazon S3 and storages that speak its protocol", S3Registry.Amazon)
        {
            Example = "s3://bucket/folder", Read = ObjectAddress.Read, Server = e => S3Settings.Amazon(e).Endpoint?.AbsoluteUri ?? "https://s3.amazonaws.com/",
        },
        new("gs", "Google Cloud Storage", S3Registry.Google)
        {
            Example = "gs://bucket/folder", Read = ObjectAddress.Read, Server = e => S3Settings.Google(e).Endpoint?.AbsoluteUri,
        },
        new(ModelReference.Samples, "Models that come with GPUX", e => new SamplesRegistry(e)) { Example = "samples/language-id", IsOnThisMachine = true },
        new(ModelReference.Local, "Folders and files", _ => new LocalRegistry())
        {
            Example = "./folder or /path/to/folder", IsOnThisMachine = true, Files = FilesInPlace.Open,
        },
        // The last: it takes every address that is no other registry's.
        new("web", "Files and folders of web servers", e => new WebRegistry(e))
        {
            Example = "https://host/folder/", Read = WebAddress.Read, ReadAddress = address => WebAddress.Read("web", address.AbsoluteUri),
        },
    ];

    /// <summary>Those that this user can name: what comes with the program, and what is configured.</summary>
    public static RegistryList For(RegistryEnvironment environment) => new(new RegistriesFile(environment));
}
