namespace Gpux.StandIns;

/// <summary>A stand-in for each registry, by the name that stands before the colon of a reference.</summary>
public static class StandInCatalog
{
    public static IReadOnlyList<(string Name, Func<Task<IStandIn>> Start)> All { get; } =
    [
        ("hf", HubModelStandIn.StartAsync),
        ("oci", async () => await OciStandIn.StartAsync()),
        ("ollama", async () => await OllamaStandIn.StartAsync()),
        ("modelscope", async () => await ModelScopeStandIn.StartAsync()),
        ("github", async () => await GitHubStandIn.StartAsync()),
        ("mlflow", async () => await MlflowStandIn.StartAsync()),
        ("s3", async () => await S3StandIn.StartAsync()),
        ("wandb", async () => await WandbStandIn.StartAsync()),
        ("web", async () => await WebStandIn.StartAsync()),
        ("onnx-zoo", async () => await OnnxZooStandIn.StartAsync()),
        ("kaggle", async () => await KaggleStandIn.StartAsync()),
        ("tfhub", async () => await TensorFlowHubStandIn.StartAsync()),
        ("keras", async () => await KerasStandIn.StartAsync()),
        ("torchvision", async () => await TorchvisionStandIn.StartAsync()),
        ("torchhub", async () => await TorchHubStandIn.StartAsync()),
        ("torchserve", async () => await TorchServeStandIn.StartAsync()),
        ("timm", () => HubModelStandIn.StartAsync("timm/tiny.a1_in1k", "timm:tiny.a1_in1k")),
    ];

    public static Task<IStandIn> StartAsync(string name) => All.Single(standIn => standIn.Name == name).Start();
}
