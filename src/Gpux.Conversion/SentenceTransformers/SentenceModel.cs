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

    private const string SettingsFile = "config_sentence_transformers.json";

    private const string Tokens = "token_embeddings", Sentence = "sentence_embedding";

    // A Dropout does nothing after training.
    private static readonly string[] Known = ["Pooling", "Dense", "LayerNorm", "Normalize", "Dropout"];

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

    public static bool IsOne(ModelFiles files) => files.Find(ListFile) is not null && !IsCrossEncoder(files);

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
        if (modules is not [{ Type: "Transformer" }, ..])
            throw new UnsupportedModuleException(modules.FirstOrDefault()?.Type ?? "", "first of a sentence model");
        if (modules.Skip(1).FirstOrDefault(module => !Known.Contains(module.Type)) is { } unknown)
            throw new UnsupportedModuleException(unknown.Type, "of a sentence model");
        return new SentenceModel(files, modules);
    }

    // Since version 6 cross-encoders have a list of modules too. Of most it is the transformer alone, with its head: a classifier.
    private static bool IsCrossEncoder(ModelFiles files)
    {
        if (files.Find(SettingsFile) is null || ModelConfig.Load(files, SettingsFile).Text("model_type", "") != "CrossEncoder")
            return false;
        var modules = Load(files)._modules;
        return modules is [{ Path: "" }] ? true : throw new UnsupportedModuleException(modules[^1].Type, "of a cross-encoder");
    }

    /// <summary>Whether a classifier is a cross-encoder that gives a pair of texts one score, by what the library writes of itself and nobody else does.</summary>
    /// <remarks>Source: sentence-transformers, CrossEncoder: since version 6 model_type of config_sentence_transformers.json, since version 4 the field
    /// sentence_transformers.activation_fn of config.json, before sbert_ce_default_activation_function.</remarks>
    public static bool IsRanker(ModelFiles files, ModelConfig config) => config.LabelCount == 1
        && (IsCrossEncoder(files) || config.IsText("sbert_ce_default_activation_function")
            || (config.IsObject("sentence_transformers") && config.Section("sentence_transformers").IsText("activation_fn")));

    /// <summary>Adds what follows the encoder to its graph.</summary>
    /// <returns>token_embeddings [B, S, H] and sentence_embedding [B, width].</returns>
    public Outputs Append(GraphBuilder graph, Outputs encoder)
    {
        var tokens = encoder.Find("last_hidden_state") ?? throw new UnsupportedModelException(
            "The encoder of this sentence model gives no states of tokens.", "Only sentence models of text encoders are built.");
        var attended = graph.FindInput("attention_mask") ?? throw new UnsupportedModelException(
            "The encoder of this sentence model takes no attention mask.", "Only sentence models of text encoders are built.");
        var features = new Dictionary<string, Value> { [Tokens] = tokens };
        foreach (var module in _modules.Skip(1))
        {
            var files = _files.Folder(module.Path);
            switch (module.Type)
            {
                case "Pooling":
                    features[Sentence] = Pooling.Apply(features[Tokens], attended, ModelConfig.Load(files));
                    break;
                case "Dense":
                    Change(features, files, module, (x, config) => Dense(x, config, files, module));
                    break;
                case "LayerNorm":
                    Change(features, files, module, (x, _) => LayerNorm(x, files, module));
                    break;
                case "Normalize":
                    Change(features, files, module, (x, _) => Normalize(x));
                    break;
            }
        }
        return new Outputs
        {
            { Tokens, features[Tokens] },
            { Sentence, features.GetValueOrDefault(Sentence) ?? throw new UnsupportedModelException(
                "The sentence model has no Pooling, so that it makes no embedding of a text.", "Check modules.json.") },
        };
    }

    // By default what a module takes and gives is the sentence's embedding; some have no configuration.
    private static void Change(Dictionary<string, Value> features, ModelFiles files, Module module, Func<Value, ModelConfig, Value> change)
    {
        var config = files.Find("config.json") is null ? ModelConfig.Parse("{}"u8.ToArray()) : ModelConfig.Load(files);
        var input = config.Text("module_input_name", Sentence);
        features[config.Text("module_output_name", input)] = change(features.GetValueOrDefault(input) ?? throw new UnsupportedModelException(
            $"The sentence model's module '{module.Type}' takes '{input}', which no module before it makes.", "Check modules.json."), config);
    }

    private static Value Dense(Value x, ModelConfig config, ModelFiles files, Module module)
    {
        var weights = Read(x.Graph, files, module);
        var linear = weights["linear"];
        var result = DenseActivation.Apply(x.Linear(linear.Get("weight"), config.Bool("bias", true) ? linear.Get("bias") : null), config, weights);
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

    private sealed record Module(string Type, string Path);
}

/// <summary>A sentence model has a module that nothing builds.</summary>
public sealed class UnsupportedModuleException(string module, string place) : GpuxException(ErrorCode.UnsupportedModule,
    $"The module '{module}' is {place}, and is not built.",
    "Built are Transformer, Pooling, Dense, LayerNorm, Normalize and Dropout; take a model of these, which most sentence encoders are.")
{
    public string Module { get; } = module;
}
