using System.Text.Json;
using Gpux.Runtime.Audio.Spectra;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>Typed access to a feature extractor's settings. As in transformers, null means the default.</summary>
/// <param name="file">What errors name.</param>
internal sealed class ExtractorConfig(string file, JsonElement root)
{
    // The largest known is 480,000 samples.
    private const int MaxInteger = 1 << 26;
    private const int MaxFileBytes = 1 << 20;
    private const int MaxSamplingRate = 768_000;
    private const int MaxBands = 4096;

    /// <summary>The class name that the errors of an unsupported step give.</summary>
    public string Type { get; init; } = "";

    /// <summary>Hz.</summary>
    public int SamplingRate(int absent = 16_000) => Integer("sampling_rate", absent, least: 1000, greatest: MaxSamplingRate);

    /// <summary>The number of mel bands, under the name that the extractor gives it.</summary>
    public int Bands(string name, int absent) => Integer(name, absent, least: 1, greatest: MaxBands);

    /// <summary>The length of a Fourier transform.</summary>
    public int TransformLength(string name, int absent)
    {
        var length = Integer(name, absent, least: 2);
        return length % 2 == 0 && FourierTransform.Supports(length) ? length : throw Invalid($"{name} is {length}, which is no length of a transform");
    }

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Invalid($"{name} is not a text");

    public bool Flag(string name, bool absent) => Find(name) is not { } value ? absent
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Invalid($"{name} is neither true nor false"),
        };

    /// <summary>Null where it is not given.</summary>
    public double? Number(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw Invalid($"{name} is not a number");

    public double Number(string name, double absent) => Number(name) ?? absent;

    public int Integer(string name, int absent, int least = 0, int greatest = MaxInteger) => Number(name) is not { } number ? absent
        : number >= least && number <= greatest && Math.Truncate(number) == number
            ? (int)number
            : throw Invalid($"{name} is not a whole number from {least} to {greatest}");

    /// <summary>A length of sound that is given in seconds, in samples: at least one, and no more than can be held many times.</summary>
    public int Samples(string name, double absent, int samplingRate) => Number(name, absent) * samplingRate is >= 1 and <= MaxInteger and var samples
        ? (int)samples
        : throw Invalid($"{name} is no length of a sound");

    /// <summary>Numbers in a list; null where it is not given.</summary>
    public double[]? Numbers(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Invalid($"{name} is not a list of numbers");
        var numbers = new double[value.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
            if (value[i].ValueKind != JsonValueKind.Number || !value[i].TryGetDouble(out numbers[i]) || !double.IsFinite(numbers[i]))
                throw Invalid($"{name} is not a list of numbers");
        return numbers;
    }

    /// <summary>The settings that lie in an object of this one.</summary>
    public ExtractorConfig? Nested(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Object } value ? new ExtractorConfig(file, value) : null;

    public ExtractorConfig Named(string type) => new(file, root) { Type = type };

    public InvalidFeatureExtractorException Invalid(string problem) => new(file, problem);

    public UnsupportedFeatureExtractorException Unsupported(string step) => new(Type, step);

    /// <summary>Reads a JSON file of a repository.</summary>
    /// <returns>Null where the repository has no such file.</returns>
    public static ExtractorConfig? Read(Func<string, string?> repositoryFile, string name)
    {
        if (repositoryFile(name) is not { } path || !File.Exists(path))
            return null;
        if (new FileInfo(path).Length > MaxFileBytes)
            throw new InvalidFeatureExtractorException(name, $"it has more than {MaxFileBytes} bytes");
        try
        {
            using var document = StrictJson.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ExtractorConfig(name, document.RootElement.Clone())
                : throw new InvalidFeatureExtractorException(name, "it is not a JSON object");
        }
        catch (JsonException exception)
        {
            throw new InvalidFeatureExtractorException(name, "it is not JSON", exception);
        }
    }

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
