using System.Globalization;
using System.Text.Json;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;
using Encoding = Gpux.Runtime.Tokenizers.Encoding;

namespace Gpux.Runtime.Pipelines;

/// <summary>What a user does otherwise than a model's files say.</summary>
/// <param name="Labels">The classes' names in the order of their ids; null for those of config.json.</param>
/// <param name="MaxTokens">The most tokens of a text, if the model takes more; null for what it takes.</param>
/// <param name="Images">Null for the processor that the files describe.</param>
public sealed record PipelineOverrides(IReadOnlyList<string>? Labels, int? MaxTokens, ImageProcessor? Images);

/// <summary>A model with all that its pipeline works with: session, files, tokenizer, image processor.</summary>
public sealed class PipelineModel : IDisposable
{
    // Of the models whose positions begin behind it.
    private const int DefaultPadTokenId = 1;
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<ImageProcessor> _images;
    private readonly Lazy<FeatureExtractor> _sounds;
    private readonly JsonElement _config;
    private readonly int? _maxTokens;

    /// <param name="name">What errors call it.</param>
    /// <param name="files">Its configuration, tokenizer and processor files.</param>
    /// <param name="session">Belongs to this object from here on.</param>
    /// <param name="tokenizer">Loaded beside the session, perhaps; null to load it from the files when it is needed.</param>
    /// <param name="overrides">What is done otherwise than the files say; null for nothing.</param>
    public PipelineModel(string name, ModelFiles files, InferenceSession session, Task<Tokenizer>? tokenizer = null, PipelineOverrides? overrides = null)
    {
        Name = name;
        Files = files;
        Session = session;
        // Early sentence-transformers models keep the encoder's files in a folder of their own.
        var encoder = files.Find("config.json") is null && files.Find("0_Transformer/config.json") is not null ? files.Folder("0_Transformer") : files;
        _tokenizer = new Lazy<Tokenizer>(() => tokenizer is null ? LoadTokenizer(files) : tokenizer.GetAwaiter().GetResult());
        _images = new Lazy<ImageProcessor>(() => overrides?.Images ?? ImageProcessor.Load(files));
        _sounds = new Lazy<FeatureExtractor>(() => FeatureExtractor.Load(files.Find));
        _maxTokens = overrides?.MaxTokens;
        _config = ReadJson(encoder, "config.json");
        Labels = overrides?.Labels ?? ReadLabels(_config) switch { [] => PublishedLabels.Of(files, session, _config), var named => named };
    }

    public string Name { get; }

    /// <summary>Which commit of the model this is, and in which form: what is computed with another may differ. Null if that is not known.</summary>
    public string? Identity { get; init; }

    public ModelFiles Files { get; }
    public InferenceSession Session { get; }
    public Tokenizer Tokenizer => _tokenizer.Value;
    public ImageProcessor Images => _images.Value;

    /// <summary>What turns sounds into the model's inputs.</summary>
    public FeatureExtractor Sounds => _sounds.Value;

    /// <summary>The classes' names in the order of their ids; empty if the configuration names none.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>A field of config.json that is a text; null otherwise.</summary>
    public string? ConfigText(string name) => _config.ValueKind == JsonValueKind.Object
        && _config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public int? ConfigInt(string name) => _config.ValueKind == JsonValueKind.Object
        && _config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    /// <summary>Whether a field of config.json is true.</summary>
    internal bool ConfigFlag(string name) => _config.ValueKind == JsonValueKind.Object
        && _config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>A field of config.json that is a list of whole numbers; null otherwise.</summary>
    internal int[]? ConfigIntegers(string name)
    {
        if (_config.ValueKind != JsonValueKind.Object || !_config.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array)
            return null;
        var numbers = new int[value.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
            if (value[i].ValueKind != JsonValueKind.Number || !value[i].TryGetInt32(out numbers[i]))
                return null;
        return numbers;
    }

    /// <summary>A field of config.json that is an object; undefined otherwise.</summary>
    internal JsonElement ConfigObject(string name) => _config.ValueKind == JsonValueKind.Object
        && _config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    /// <summary>The most tokens that the model takes; null if nothing bounds them.</summary>
    public int? MaxTokens => Least(MaxPositions, Tokenizer.ModelMaxLength);

    /// <summary>The most tokens that the model has positions for; null if nothing bounds them.</summary>
    public int? MaxPositions => Least(_maxTokens, (ConfigInt("max_position_embeddings") ?? ConfigInt("n_positions")) is { } positions
        ? (int)Math.Clamp(positions - FirstPosition, 1, int.MaxValue) : null);

    internal static int? Least(int? one, int? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);

    // RoBERTa and its kin, made of fairseq's checkpoints, count positions from behind the padding token.
    private long FirstPosition => ConfigText("model_type") is "roberta" or "xlm-roberta" or "xlm-roberta-xl" or "roberta-prelayernorm" or "xmod"
        or "camembert" or "data2vec-text" or "ibert" or "mpnet" or "longformer" or "luke" or "lilt" or "layoutlmv3" or "markuplm"
        ? (ConfigInt("pad_token_id") ?? DefaultPadTokenId) + 1L : 0;

    /// <summary>Loads the tokenizer of a model, also where it lies in the encoder's folder.</summary>
    public static Tokenizer LoadTokenizer(ModelFiles files)
    {
        var inFolder = files.Find("tokenizer.json") is null && files.Find("vocab.txt") is null
            && (files.Find("0_Transformer/tokenizer.json") ?? files.Find("0_Transformer/vocab.txt")) is not null;
        return Tokenizer.Load(inFolder ? files.Folder("0_Transformer").Find : files.Find);
    }

    public void Dispose() => Session.Dispose();

    /// <summary>Tokenizes texts, cut to what the model takes.</summary>
    /// <param name="truncation">Null: the longest of the two is cut at <see cref="MaxTokens"/>.</param>
    /// <exception cref="InputTooLongException">It had to be cut, and <see cref="PipelineArguments.Strict"/> forbids that.</exception>
    internal Encoding Encode(PipelineInput input, string task, PipelineArguments arguments, List<string> notes, Truncation? truncation = null)
    {
        var limit = truncation?.MaxLength ?? MaxTokens;
        var options = new EncodeOptions
        {
            Truncation = limit is { } longest ? (truncation ?? new Truncation()) with { MaxLength = longest, ReturnOverflow = true } : null,
        };
        var encoding = input.Words is { } words ? Tokenizer.EncodeWords(words, options: options)
            : Tokenizer.Encode(input.RequireText(task), input.Pair, options);
        if (encoding.Count == 0)
            throw new PipelineInputException("The text is empty.", "Give a text with at least one token.");
        if (encoding.Overflow.Count > 0)
        {
            if (arguments.Strict)
                throw new InputTooLongException(limit ?? encoding.Count);
            notes.Add($"The text was cut to the {limit} tokens that the model takes.");
        }
        return encoding;
    }

    /// <summary>Runs the model on one encoding, or on several of equal length.</summary>
    /// <param name="output">The one output that is wanted; null for all.</param>
    internal SessionOutputs Run(IReadOnlyList<Encoding> encodings, CancellationToken cancellationToken, string? output = null) =>
        Run(Inputs(encodings), cancellationToken, output);

    /// <summary>The inputs of one encoding, or of several of equal length, as the tokenizer's class makes them.</summary>
    internal Dictionary<string, Tensor> Inputs(IReadOnlyList<Encoding> encodings)
    {
        var shape = new Shape(encodings.Count, encodings[0].Count);
        var inputs = new Dictionary<string, Tensor>(3)
        {
            ["input_ids"] = Tensor.Uninitialized(ElementType.Int64, shape),
            ["attention_mask"] = Tensor.Uninitialized(ElementType.Int64, shape),
            ["token_type_ids"] = Tensor.Uninitialized(ElementType.Int64, shape),
        };
        for (var row = 0; row < encodings.Count; row++)
        {
            Copy(encodings[row].Ids, inputs["input_ids"], row);
            Copy(encodings[row].AttentionMask, inputs["attention_mask"], row);
            Copy(encodings[row].TypeIds, inputs["token_type_ids"], row);
        }
        // What the tokenizer's class does not make is for the model to assume, such as the type of all tokens.
        foreach (var name in (ReadOnlySpan<string>)["attention_mask", "token_type_ids"])
            if (!Tokenizer.ModelInputNames.Contains(name))
                inputs.Remove(name);
        return inputs;
    }

    /// <param name="output">The one output that is wanted; null for all.</param>
    internal SessionOutputs Run(IReadOnlyDictionary<string, Tensor> inputs, CancellationToken cancellationToken, string? output = null) =>
        Session.Run(ModelInputs.Complete(Session.Inputs, inputs), output is null ? null : [output], cancellationToken: cancellationToken);

    /// <summary>An output, which must be numbers.</summary>
    /// <exception cref="NonFiniteOutputException">It is not.</exception>
    internal Tensor Finite(SessionOutputs outputs, string name)
    {
        var tensor = Float32(outputs[name], name);
        foreach (var value in tensor.AsSpan<float>())
            if (!float.IsFinite(value))
                throw new NonFiniteOutputException(Name, name);
        return tensor;
    }

    /// <summary>Scores before they become probabilities; of what cannot be, minus infinity.</summary>
    /// <exception cref="NonFiniteOutputException">Some are infinite, or no numbers.</exception>
    internal Tensor Logits(SessionOutputs outputs, string name)
    {
        var tensor = Float32(outputs[name], name);
        foreach (var value in tensor.AsSpan<float>())
            if (!float.IsFinite(value) && !float.IsNegativeInfinity(value))
                throw new NonFiniteOutputException(Name, name);
        return tensor;
    }

    // Models that others exported may compute in half precision.
    private Tensor Float32(Tensor tensor, string name)
    {
        if (tensor.ElementType == ElementType.Float32)
            return tensor;
        if (tensor.ElementType != ElementType.Float16)
            throw new UnsupportedValueException(name, $"The output '{name}' of {Name} is of type {tensor.ElementType}, where float was expected.",
                "Convert the model again from its checkpoint.");
        var wide = Tensor.Uninitialized(ElementType.Float32, tensor.Shape);
        var from = tensor.AsSpan<Half>();
        var to = wide.AsSpan<float>();
        for (var i = 0; i < to.Length; i++)
            to[i] = (float)from[i];
        return wide;
    }

    /// <summary>The name of a class.</summary>
    internal string Label(int id) => id < Labels.Count ? Labels[id] : $"LABEL_{id}";

    private static void Copy(ReadOnlySpan<int> from, Tensor to, int row)
    {
        var target = to.AsSpan<long>()[(row * from.Length)..];
        for (var i = 0; i < from.Length; i++)
            target[i] = from[i];
    }

    /// <summary>A JSON file of the model; undefined if it has none.</summary>
    internal static JsonElement ReadJson(ModelFiles files, string name)
    {
        if (files.Find(name) is not { } path)
            return default;
        try
        {
            return PythonJson.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException exception)
        {
            throw new PipelineInputException($"{name} of the model is damaged: {exception.Message}", "Fetch the model again: gpux pull.");
        }
    }

    private static string[] ReadLabels(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("id2label", out var named) || named.ValueKind != JsonValueKind.Object)
            return [];
        var labels = new string[named.GetPropertyCount()];
        foreach (var entry in named.EnumerateObject())
        {
            // Ids with gaps: names would fall to other classes.
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= labels.Length || labels[id] is not null)
                return [];
            labels[id] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText(); // a string
        }
        return labels;
    }
}
