using System.Text.Json;
using Gpux.Conversion.Precision;
using Gpux.Models.Precision;
using Gpux.Models.Projects;

namespace Gpux.Models;

/// <summary>A model in the form that runs: a graph file and where its weights lie. Described in docs/formats/variant.md.</summary>
/// <param name="Folder">Holds <see cref="DescriptionFile"/> and, if GPUX made the graph, model.onnx.</param>
/// <param name="ModelPath">The ONNX file.</param>
/// <param name="Task">What the model is for, such as "text-classification".</param>
/// <param name="ClassName">The class of the original library; null for a graph that was published as such.</param>
/// <param name="WeightsFolder">What the graph's names of weight files are relative to.</param>
/// <param name="Weights">The weight files and their sizes in bytes: if one is gone or has another size, the variant is made anew.</param>
public sealed record Variant(string Folder, string ModelPath, string Task, string? ClassName, string WeightsFolder,
    IReadOnlyList<WeightFile> Weights)
{
    /// <summary>Which copy of the weights was chosen, as <see cref="WeightsChoice.Key"/> writes it; null where there was no choice.</summary>
    public string? WeightsChoice { get; init; }

    /// <summary>What its weights are stored in.</summary>
    public WeightPrecision Precision { get; init; }

    public const string DescriptionFile = "variant.json";
    private const int Format = 1;

    /// <returns>Null if there is none, or none that can be used.</returns>
    public static Variant? Read(string folder)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, DescriptionFile)));
            var root = json.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
                return null;
            var variant = new Variant(folder, Path.GetFullPath(root.GetProperty("model").GetString()!, Path.GetFullPath(folder)), root.GetProperty("task").GetString()!, // null throws below
                root.TryGetProperty("class", out var name) ? name.GetString() : null,
                Path.GetFullPath(root.GetProperty("weights_folder").GetString()!, Path.GetFullPath(folder)), // likewise
                [.. root.GetProperty("weights").EnumerateArray().Select(weight =>
                    new WeightFile(weight.GetProperty("location").GetString()!, weight.GetProperty("size").GetInt64()))]) // likewise
            {
                WeightsChoice = root.TryGetProperty("weights_choice", out var choice) ? choice.GetString() : null,
                Precision = root.TryGetProperty("precision", out var precision) ? PrecisionNames.Parse(precision.GetString()) : WeightPrecision.Float32,
            };
            return variant.IsComplete ? variant : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or KeyNotFoundException or FormatException or ArgumentNullException)
        {
            return null;
        }
    }

    public void Write()
    {
        using var stream = new FileStream(Path.Combine(Folder, DescriptionFile), FileMode.CreateNew);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("model", Path.GetRelativePath(Folder, ModelPath));
        json.WriteString("task", Task);
        if (ClassName is not null)
            json.WriteString("class", ClassName);
        if (WeightsChoice is not null)
            json.WriteString("weights_choice", WeightsChoice);
        if (Precision != WeightPrecision.Float32)
            json.WriteString("precision", PrecisionNames.Of(Precision));
        json.WriteString("weights_folder", WeightsFolder == Folder ? "."
            : WeightsFolder.StartsWith(Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.GetRelativePath(Folder, WeightsFolder)
            : WeightsFolder); // the folder itself may be renamed
        json.WriteStartArray("weights");
        foreach (var (location, size) in Weights)
        {
            json.WriteStartObject();
            json.WriteString("location", location);
            json.WriteNumber("size", size);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private bool IsComplete => File.Exists(ModelPath)
        && Weights.All(weight => new FileInfo(Path.Combine(WeightsFolder, weight.Location)) is { Exists: true } file && file.Length == weight.SizeBytes);
}

/// <summary>A file of weights that a variant's graph points into.</summary>
/// <param name="Location">As the graph names it.</param>
public sealed record WeightFile(string Location, long SizeBytes);
