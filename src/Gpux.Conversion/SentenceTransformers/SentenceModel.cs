using System.Text.Json;
using Gpux.Conversion.Architectures;
using Gpux.Conversion.Blocks;
using Gpux.Conversion.Checkpoints;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.SentenceTransformers;

/// <summary>A repository of the sentence-transformers library: an encoder, and modules that make one embedding of its tokens.</summary>
/// <remarks>Source: sentence-transformers 6.2, modules.json and the modules Transformer, Pooling, Dense, LayerNorm, Normalize.
/// B = batch, S = tokens, H = hidden size.</remarks>
internal sealed class SentenceModel
{
    public const string ListFile = "modules.json";

    private readonly ModelFiles _files;
    private readonly List<Module> _modules;

    private SentenceModel(ModelFiles files, List<Module> modules)
    {
        _files = files;
        _modules = modules;
    }

    /// <summary>The files of the encoder itself: config.json, weights, tokenizer.</summary>
    public ModelFiles EncoderFiles => _files.Folder(_modules[0].Path);

    /// <summary>The encoder's tensors.</summary>
    public Checkpoint ReadEncoder() => Read(EncoderFiles, _modules[0].Path, prefix: "");

    /// <summary>The folders, in the repository, of modules that have weights.</summary>
    public IEnumerable<string> WeightFolders => _modules.Where(module => module.Type is "Transformer" or "Dense" or "LayerNorm").Select(module => module.Path);

    public static bool IsOne(ModelFiles files) => files.Find(ListFile) is not null;

    public static SentenceModel Load(ModelFiles files)
    {
        var modules = new List<Module>();
        try
        {
            using var list = JsonDocument.Parse(File.ReadAllBytes(files.Require(ListFile)), new JsonDocumentOptions { MaxDepth = 8 });
            foreach (var module in list.RootElement.EnumerateArray())
            {
                // Old and new releases place the classes in different packages; the last part is the same.
                var type = module.GetProperty("type").GetString()!.Split('.')[^1]; // null throws as a wrong type does
                modules.Add(new Module(type, module.GetProperty("path").GetString()!)); // likewise
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or NullReferenceException)
        {
            throw new InvalidConfigException(ListFile, $"it is no list of modules: {exception.Message}", exception);
        }
        return modules is [{ Type: "Transformer" }, ..] ? new SentenceModel(files, modules)
            : throw new UnsupportedModelException(
                $"The sentence model begins with the module '{modules.FirstOrDefault()?.Type}', where a Transformer is built.",
                "Only sentence models of a transformer encoder are built.");
    }

    /// <summary>Adds what follows the encoder to its graph.</summary>
    /// <returns>token_embeddings [B, S, H] and sentence_embedding [B, width].</returns>
    public Outputs Append(GraphBuilder graph, Outputs encoder)
    {
        var tokens = encoder.Find("last_hidden_state") ?? throw new UnsupportedModelException(
            "The encoder of this sentence model gives no states of tokens.", "Only sentence models of text encoders are built.");
        var attended = graph.FindInput("attention_mask") ?? throw new UnsupportedModelException(
            "The encoder of this sentence model takes no attention mask.", "Only sentence models of text encoders are built.");
        Value? embedding = null;
        foreach (var module in _modules.Skip(1))
        {
            var files = _files.Folder(module.Path);
            embedding = module.Type switch
            {
                "Pooling" => Pooling.Apply(tokens, attended, ModelConfig.Load(files)),
                "Dense" => Dense(Require(embedding, module), files, module),
                "LayerNorm" => LayerNorm(Require(embedding, module), files, module),
                "Normalize" => Normalize(Require(embedding, module)),
                "Dropout" => embedding,
                _ => throw new UnsupportedModelException($"The sentence model has a module of type '{module.Type}', which is not built.",
                    "Modules Transformer, Pooling, Dense, LayerNorm, Normalize and Dropout are."),
            };
        }
        return new Outputs { { "token_embeddings", tokens }, { "sentence_embedding", Require(embedding, _modules[^1]) } };
    }

    private static Value Dense(Value x, ModelFiles files, Module module)
    {
        var config = ModelConfig.Load(files);
        var weights = Read(x.Graph, files, module);
        var linear = weights["linear"];
        var activation = config.Text("activation_function", "torch.nn.modules.activation.Tanh").Split('.')[^1];
        var result = x.Linear(linear.Get("weight"), config.Bool("bias", true) ? linear.Get("bias") : null).Apply(activation switch
        {
            "Identity" => "linear",
            "GELU" => "gelu",
            "SiLU" => "silu",
            _ => activation.ToLowerInvariant(),
        });
        if (config.Bool("use_residual", false))
            result += weights.Has("residual") ? x.Linear(weights["residual"]) : x;
        weights.RequireAllAccountedFor();
        return result;
    }

    private static Value LayerNorm(Value x, ModelFiles files, Module module)
    {
        var weights = Read(x.Graph, files, module);
        var result = x.LayerNorm(weights["norm"], epsilon: 1e-5f); // torch's default; the module stores none
        weights.RequireAllAccountedFor();
        return result;
    }

    private static Value Normalize(Value x) => x / x.Norm(axis: -1, keep: true).Clip(1e-12, null);

    // The tensors of a module's own weight file, named for the graph below the module's folder.
    private static Weights Read(GraphBuilder graph, ModelFiles files, Module module) =>
        new Weights(graph, Read(files, module.Path, prefix: $"{module.Path}."), module.Type)[module.Path];

    // The tensors of a folder's weight files, which the graph names from the repository's root.
    private static Checkpoint Read(ModelFiles files, string folder, string prefix) => new(CheckpointCatalog.Read(files).Tensors.Values
        .Select(tensor => tensor with { Name = prefix + tensor.Name, File = folder.Length == 0 ? tensor.File : $"{folder}/{tensor.File}" })
        .ToDictionary(tensor => tensor.Name));

    private static Value Require(Value? embedding, Module module) => embedding ?? throw new UnsupportedModelException(
        $"The sentence model's module '{module.Type}' comes before any Pooling.", "Check modules.json.");

    private sealed record Module(string Type, string Path);
}
