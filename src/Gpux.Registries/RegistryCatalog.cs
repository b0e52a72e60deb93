using Gpux.Registries.HuggingFace;
using Gpux.Registries.Kaggle;
using Gpux.Registries.Keras;
using Gpux.Registries.Local;
using Gpux.Registries.OnnxZoo;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;
using Gpux.Registries.TensorFlowHub;

namespace Gpux.Registries;

/// <summary>All registries, a line each.</summary>
public static class RegistryCatalog
{
    /// <summary>Those that come with the program.</summary>
    public static IReadOnlyList<RegistryEntry> All { get; } =
    [
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e)) { Files = HubCache.Open, Example = "org/name, org/name@revision or hf:name" },
        new(OnnxZooRegistry.Name, "ONNX Model Zoo", e => new OnnxZooRegistry(e)) { Files = e => new BlobStore(e, (_, file) => OnnxZooRegistry.FindInCache(e, file)), Example = "onnx-zoo:MNIST-12, onnx-zoo:ResNet50@7 (opset)" },
        new(TensorFlowHubRegistry.Name, "TensorFlow Hub", e => new TensorFlowHubRegistry(e)) { Files = e => new BlobStore(e, (manifest, _) => manifest.Source is { } handle ? TensorFlowHubRegistry.FindInCache(e, handle) : null), Read = (_, rest) => TensorFlowHubRegistry.Read(rest), ReadAddress = TensorFlowHubRegistry.ReadAddress, Example = "tfhub:google/universal-sentence-encoder/4" },
        new(KaggleRegistry.Name, "Kaggle Models", e => new KaggleRegistry(e)) { Files = e => new BlobStore(e, (manifest, file) => KaggleRegistry.FindInCache(e, manifest, file)), Read = (_, rest) => KaggleHandle.ReadReference(rest), ReadAddress = KaggleHandle.ReadAddress, Example = "kaggle:keras/bert/keras/bert_tiny_en_uncased" },
        new(KerasRegistry.Name, "Keras applications", e => new KerasRegistry(e)) { Files = e => new BlobStore(e, (manifest, file) => KerasRegistry.FindInCache(e, manifest, file)), Read = (_, rest) => KerasRegistry.Read(rest), Example = "keras:ResNet50, keras:ResNet50@notop" },
        new(ModelReference.Samples, "Models that come with GPUX", e => new SamplesRegistry(e)) { IsOnThisMachine = true, Example = "samples/language-id" },
        new(ModelReference.Local, "Folders and files", _ => new LocalRegistry()) { IsOnThisMachine = true, Files = FilesInPlace.Open, Example = "./folder or /path/to/folder" },
    ];

    /// <summary>Those that this user can name: what comes with the program, and what is configured.</summary>
    public static IReadOnlyList<RegistryEntry> For(RegistryEnvironment environment) => All;
}
