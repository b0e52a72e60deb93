using System.Text.Json;

namespace Gpux.Runtime.Images.Processors;

/// <summary>Typed access to a processor's settings. As in transformers, null means the default.</summary>
/// <param name="file">What errors name.</param>
internal sealed class ProcessorConfig(string file, JsonElement root)
{
    // No model takes larger images; a greater number in a file is damage or malice.
    private const int MaxSide = 1 << 16;

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Invalid($"{name} is not a text");

    public bool IsList(string name) => Find(name) is { ValueKind: JsonValueKind.Array };

    public bool Flag(string name, bool absent) => Find(name) is not { } value ? absent
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Invalid($"{name} is neither true nor false"),
        };

    public double Number(string name, double absent) => Find(name) is { } value ? ToNumber(name, value) : absent;

    /// <summary>A whole number from 0 to 65536.</summary>
    public int Integer(string name, int absent) => Find(name) is { } value ? ToInteger(name, value) : absent;

    /// <summary>A count of pixels, which may be larger than a length: from 1 to 2^31 - 1.</summary>
    public int Pixels(string name, int absent) => Find(name) is not { } value ? absent
        : ToNumber(name, value) is >= 1 and <= int.MaxValue and var number && Math.Truncate(number) == number ? (int)number
        : throw Invalid($"{name} is no number of pixels");

    /// <summary>Rows of so many numbers; null where it has none.</summary>
    public double[][]? Rows(string name, int length)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Invalid($"{name} is not a list of lists");
        var rows = new double[value.GetArrayLength()][];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = value[i];
            if (row.ValueKind != JsonValueKind.Array || row.GetArrayLength() != length)
                throw Invalid($"{name} holds something else than lists of {length} numbers");
            rows[i] = new double[length];
            for (var column = 0; column < length; column++)
                rows[i][column] = ToNumber(name, row[column]);
        }
        return rows;
    }

    /// <summary>A number for each colour; one number counts for all three.</summary>
    public double[] Colours(string name, double[] absent)
    {
        if (Find(name) is not { } value)
            return absent;
        if (value.ValueKind == JsonValueKind.Number)
            return [ToNumber(name, value), ToNumber(name, value), ToNumber(name, value)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != 3)
            throw Invalid($"{name} is not a list of three numbers");
        return [ToNumber(name, value[0]), ToNumber(name, value[1]), ToNumber(name, value[2])];
    }

    /// <summary>Whole numbers.</summary>
    public int[]? Integers(string name)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Invalid($"{name} is not a list of numbers");
        var numbers = new int[value.GetArrayLength()];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = ToInteger(name, value[i]);
        return numbers;
    }

    /// <summary>A size in any of the forms that transformers has stored over the years.</summary>
    /// <param name="isSquare">What a single number means: both sides, else the shorter one.</param>
    public ProcessorSize? Size(string name, bool isSquare)
    {
        if (Find(name) is not { } value)
            return null;
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                var side = ToInteger(name, value);
                return isSquare ? ProcessorSize.Fixed(side, side) : ProcessorSize.Shortest(side);
            case JsonValueKind.Array when value.GetArrayLength() == 2:
                return ProcessorSize.Fixed(ToInteger(name, value[0]), ToInteger(name, value[1]));
            case JsonValueKind.Object:
                var sides = new ProcessorConfig(file, value);
                return new ProcessorSize(sides.Integer("height", 0), sides.Integer("width", 0), sides.Integer("shortest_edge", 0),
                    sides.Integer("longest_edge", 0), sides.Integer("max_height", 0), sides.Integer("max_width", 0));
            default:
                throw Invalid($"{name} is no size");
        }
    }

    /// <summary>The settings that lie in an object of this one.</summary>
    public ProcessorConfig? Nested(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Object } value ? new ProcessorConfig(file, value) : null;

    public InvalidImageProcessorException Invalid(string problem) => new(file, problem);

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private double ToNumber(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw Invalid($"{name} is not a number");

    private int ToInteger(string name, JsonElement value) =>
        ToNumber(name, value) is >= 0 and <= MaxSide and var number && Math.Truncate(number) == number
            ? (int)number
            : throw Invalid($"{name} is not a whole number from 0 to {MaxSide}");
}
