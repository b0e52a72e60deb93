using Gpux.Models;
using Gpux.Models.Suitability;
using Gpux.Registries.Store;

namespace Gpux.Benchmarks.Training;

/// <summary>What is trained.</summary>
/// <param name="Name">For people.</param>
/// <param name="Parameters">In all, 1 to 10^14: as the checkpoint's headers or a person says, else counted from the shape.</param>
public sealed record TrainingModel(string Name, TransformerShape Shape, double Parameters)
{
    /// <summary>The fewest parameters that a shape is made up for.</summary>
    public const long FewestParameters = 10_000;

    /// <summary>The most parameters that are planned for.</summary>
    public const long MostParameters = 100_000_000_000_000;

    /// <summary>Of config.json, such as "llama"; null where nothing says.</summary>
    public string? Family { get; init; }

    /// <summary>The class of one layer in transformers, such as "LlamaDecoderLayer"; null where nothing says.</summary>
    public string? LayerClass { get; init; }

    /// <summary>Tokens that the model was made for; null where nothing says.</summary>
    public int? ContextLength { get; init; }

    /// <summary>What a person should know of how the sizes came about.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public TrainingModel(string name, TransformerShape shape)
        : this(name, shape, shape.Parameters)
    {
    }

    /// <summary>Tokens of a sequence where nobody says: what the model takes, at most 4096.</summary>
    public int UsualSequence => Math.Clamp(ContextLength ?? 2048, 1, 4096);

    /// <summary>How many times the parameters of the shape there are: 1, or nearly, unless the shape is a guess.</summary>
    internal double Scale => Parameters / Shape.Parameters;

    /// <summary>What one token passes.</summary>
    public double ActiveParameters => Shape.ActiveParameters * Scale;

    /// <summary>A model of which only a size is known: the shape that models of that size have, with layers about a hundredth as many as they are wide.</summary>
    /// <param name="layers">Null to choose.</param>
    public static TrainingModel OfSize(double parameters, int? layers = null)
    {
        TrainingInputException.Require(parameters, FewestParameters, MostParameters, "the number of parameters");
        // P = 12 L h², and h = 100 L.
        var exact = layers is { } chosen ? Math.Sqrt(parameters / 12 / Math.Max(1, chosen)) : Math.Cbrt(parameters * 100 / 12);
        // Heads of 128 each, and so many that a node can share them.
        var step = exact >= 4096 ? 1024 : 128;
        var width = Math.Max(step, Math.Round(exact / step) * step);
        TrainingInputException.Require(width, 1, 1_000_000, "the hidden size that follows from parameters and layers");
        var needed = parameters / (12 * width * width);
        var depth = layers ?? (int)Math.Max(1, needed < 12 ? Math.Round(needed) : Math.Round(needed / 8) * 8);
        TrainingInputException.Require(depth, 1, 100_000, "the number of layers");
        var hiddenSize = (int)width;
        return new TrainingModel("A model of this size", Plain(depth, hiddenSize, hiddenSize / 128), parameters)
        {
            Notes = [$"The shape is a guess from the size: {depth} layers of {hiddenSize}, {hiddenSize / 128} heads. Name --layers and --hidden, or a config.json, to be exact."],
        };
    }

    /// <summary>A decoder with biases, without learned positions and dropout, and with the vocabulary of GPT-2.</summary>
    public static TransformerShape Plain(int layers, int hiddenSize, int heads) =>
        TransformerShape.Gpt(layers, hiddenSize, heads, vocabularySize: 50_304, sequence: 0) with { HasAttentionDropout = false, HasResidualDropout = false };

    /// <summary>Reads a config.json of the Hugging Face layout.</summary>
    /// <param name="name">For people.</param>
    /// <exception cref="UnknownTrainingModelException">Its sizes cannot be told from it.</exception>
    public static TrainingModel OfConfig(string name, ReadOnlyMemory<byte> json) => TransformerConfig.Read(name, json, parameters: null);

    /// <summary>Reads the sizes of a model that a reference means, without its weights: its config.json, and where they can be read the headers of its checkpoint.</summary>
    /// <exception cref="UnknownTrainingModelException">Its sizes cannot be told.</exception>
    public static async Task<TrainingModel> LoadAsync(ModelLibrary library, ModelReference model, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        return Of(await library.DescribeAsync(model, new PrepareOptions(Lookup.PreferStore), progress, cancellationToken));
    }

    /// <exception cref="UnknownTrainingModelException">Its sizes cannot be told.</exception>
    public static TrainingModel Of(ModelDescription model) => TransformerConfig.Read(model.Manifest.Model.ToString(), model.Config, model.Parameters);

    /// <exception cref="TrainingInputException">A size is out of its range.</exception>
    public void Validate()
    {
        Shape.Validate();
        TrainingInputException.Require(Parameters, 1, MostParameters, "the number of parameters");
    }
}
