using System.Text.Json;
using Gpux.Conversion.Precision;

namespace Gpux.Models.Precision;

/// <summary>How far an output is from what the published precision gives.</summary>
/// <param name="MaxAbs">The largest difference.</param>
/// <param name="MaxRel">The largest difference, over elements of more than a thousandth of the largest magnitude, as a share of the element.</param>
/// <param name="Cosine">Of the angle between the two, over all elements of all inputs.</param>
/// <param name="TopAgreement">In how many rows, as a share, the largest element is the same one; null where that means nothing.</param>
public sealed record OutputDamage(string Name, double MaxAbs, double MaxRel, double Cosine, double? TopAgreement);

/// <summary>What a precision costs, measured. Described in docs/formats/proof.md.</summary>
/// <param name="Inputs">"recorded" or "synthetic".</param>
/// <param name="Runs">How many inputs were tried.</param>
public sealed record PrecisionProof(WeightPrecision Precision, string Inputs, int Runs, IReadOnlyList<OutputDamage> Outputs)
{
    public const string FileName = "proof.json";
    private const int Format = 1;

    /// <summary>The least cosine of any output for which a precision is kept.</summary>
    public double Bound => Precision == WeightPrecision.Float16 ? 0.9995 : 0.97;

    public double Cosine => Outputs.Count == 0 ? 1 : Outputs.Min(output => output.Cosine);

    public bool IsWithinBound => Cosine >= Bound;

    /// <exception cref="PrecisionDamageException">It is not, and that is not allowed.</exception>
    public PrecisionProof Require(bool allowsDamage) => IsWithinBound || allowsDamage ? this : throw new PrecisionDamageException(this);

    /// <summary>As proof.json in a folder.</summary>
    public void Write(string folder)
    {
        using var stream = new FileStream(Path.Combine(folder, FileName), FileMode.Create);
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        WriteTo(json);
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("precision", PrecisionNames.Of(Precision));
        json.WriteString("against", "fp32");
        json.WriteString("inputs", Inputs);
        json.WriteNumber("runs", Runs);
        json.WriteNumber("bound", Bound);
        json.WriteBoolean("within_bound", IsWithinBound);
        json.WriteStartArray("outputs");
        foreach (var output in Outputs)
        {
            json.WriteStartObject();
            json.WriteString("name", output.Name);
            json.WriteNumber("max_abs", Rounded(output.MaxAbs));
            json.WriteNumber("max_rel", Rounded(output.MaxRel));
            json.WriteNumber("cosine", Rounded(output.Cosine));
            if (output.TopAgreement is { } agreement)
                json.WriteNumber("top1_agreement", Rounded(agreement));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <returns>Null if the folder holds none, or none that can be read.</returns>
    public static PrecisionProof? Read(string folder)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, FileName)));
            var root = json.RootElement;
            if (root.GetProperty("format").GetInt32() != Format)
                return null;
            return new PrecisionProof(PrecisionNames.Parse(root.GetProperty("precision").GetString()), root.GetProperty("inputs").GetString() ?? "", root.GetProperty("runs").GetInt32(),
                [.. root.GetProperty("outputs").EnumerateArray().Select(output => new OutputDamage(output.GetProperty("name").GetString() ?? "", output.GetProperty("max_abs").GetDouble(),
                    output.GetProperty("max_rel").GetDouble(), output.GetProperty("cosine").GetDouble(),
                    output.TryGetProperty("top1_agreement", out var agreement) ? agreement.GetDouble() : null))]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    // Six digits are more than such a measurement means; JSON knows no infinity.
    private static double Rounded(double value) => double.IsFinite(value) ? double.Parse(value.ToString("G6", System.Globalization.CultureInfo.InvariantCulture),
        System.Globalization.CultureInfo.InvariantCulture) : double.MaxValue;
}

/// <summary>A precision changes a model's outputs by more than its bound allows.</summary>
public sealed class PrecisionDamageException(PrecisionProof proof) : GpuxException(
    ErrorCode.PrecisionDamage,
    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"With {PrecisionNames.Of(proof.Precision)} weights the outputs are too far from the published model's: cosine {proof.Cosine:0.####}, where {proof.Bound} is the least ({proof.Runs} {proof.Inputs} inputs)."),
    proof.Precision == WeightPrecision.Int8 ? "Take --precision fp16 or fp32; or keep it all the same: --force." : "Take --precision fp32; or keep it all the same: --force.")
{
    public PrecisionProof Proof { get; } = proof;
}
