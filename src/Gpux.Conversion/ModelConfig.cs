using System.Text.Json;

namespace Gpux.Conversion;

/// <summary>A model's config.json. Fields that are left out, or null, have the default that the original class gives them.</summary>
public sealed class ModelConfig
{
    private readonly JsonElement _root;
    private readonly string _file;

    private ModelConfig(JsonElement root, string file)
    {
        _root = root;
        _file = file;
    }

    /// <summary>The architecture family, such as "bert"; "" if it is not stated.</summary>
    public string ModelType => Text("model_type", "");

    /// <summary>The classes that the weights belong to, such as "BertForMaskedLM"; empty if none is stated.</summary>
    public IReadOnlyList<string> Architectures => Texts("architectures");

    /// <summary>The number of classes that a classification head tells apart; 2 if nothing is stated.</summary>
    public int LabelCount => Has("id2label") ? Field("id2label", JsonValueKind.Object).EnumerateObject().Count() : Int("num_labels", 2, minimum: 1);

    /// <exception cref="InvalidConfigException">Not JSON, or not an object.</exception>
    public static ModelConfig Parse(ReadOnlyMemory<byte> json, string file = "config.json")
    {
        try
        {
            var root = PythonJson.Parse(json);
            return root.ValueKind == JsonValueKind.Object ? new ModelConfig(root, file)
                : throw new InvalidConfigException(file, "it holds no JSON object");
        }
        catch (JsonException exception)
        {
            throw new InvalidConfigException(file, $"it is not JSON: {exception.Message}", exception);
        }
    }

    /// <exception cref="MissingFileException">The model has no such file.</exception>
    /// <exception cref="InvalidConfigException">Not JSON, not an object, or longer than 16 MiB.</exception>
    public static ModelConfig Load(ModelFiles files, string name = "config.json")
    {
        var path = files.Require(name);
        return new FileInfo(path).Length <= 16 << 20 ? Parse(File.ReadAllBytes(path), name)
            : throw new InvalidConfigException(name, "it is longer than 16 MiB");
    }

    /// <summary>The names of all fields.</summary>
    public IEnumerable<string> Names => _root.EnumerateObject().Select(member => member.Name);

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string name) => _root.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null;

    /// <summary>Whether the field is there and null, where that is not the same as leaving it out.</summary>
    public bool IsNull(string name) => _root.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Null;

    public bool IsText(string name) => Has(name) && _root.GetProperty(name).ValueKind == JsonValueKind.String;

    public bool IsList(string name) => Has(name) && _root.GetProperty(name).ValueKind == JsonValueKind.Array;

    public bool IsObject(string name) => Has(name) && _root.GetProperty(name).ValueKind == JsonValueKind.Object;

    public int Int(string name, int? absent = null, int minimum = 0)
    {
        if (!Has(name) && absent is { } number)
            return number;
        return Field(name, JsonValueKind.Number) is var field && field.TryGetInt32(out var value) && value >= minimum ? value
            : throw Invalid(name, $"a whole number of at least {minimum} was expected");
    }

    public int? OptionalInt(string name) => Has(name) ? Int(name) : null;

    public float Float(string name, float absent) => Has(name) ? (float)Number(name, 0) : absent;

    /// <summary>A field in double precision, for what the original counts with rather than computes.</summary>
    public double Number(string name, double absent) => Has(name) ? Field(name, JsonValueKind.Number).GetDouble() : absent;

    public bool Bool(string name, bool absent) => !Has(name) ? absent : _root.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Invalid(name, "true or false was expected"),
    };

    public string Text(string name, string absent) => Has(name) ? Field(name, JsonValueKind.String).GetString()! : absent; // a string: checked

    public IReadOnlyList<int> Ints(string name, params int[] absent) => !Has(name) ? absent
        : [.. Elements(name).Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) ? value
            : throw Invalid(name, "a list of whole numbers was expected"))];

    public IReadOnlyList<float> Floats(string name, params float[] absent) => !Has(name) ? absent : [.. Numbers(name).Select(number => (float)number)];

    /// <summary>A list in double precision, for what the original counts with rather than computes.</summary>
    public IReadOnlyList<double> Numbers(string name, params double[] absent) => !Has(name) ? absent
        : [.. Elements(name).Select(element => element.ValueKind == JsonValueKind.Number ? element.GetDouble()
            : throw Invalid(name, "a list of numbers was expected"))];

    public IReadOnlyList<string> Texts(string name, params string[] absent) => !Has(name) ? absent
        : [.. Elements(name).Select(element => element.ValueKind == JsonValueKind.String ? element.GetString()! // a string: checked
            : throw Invalid(name, "a list of texts was expected"))];

    public IReadOnlyList<bool> Bools(string name, params bool[] absent) => !Has(name) ? absent
        : [.. Elements(name).Select(element => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean()
            : throw Invalid(name, "a list of true and false was expected"))];

    /// <summary>A list of lists of whole numbers; null if it is not there.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? IntLists(string name) => !Has(name) ? null
        : [.. Elements(name).Select(list => list.ValueKind != JsonValueKind.Array ? throw Invalid(name, "lists of whole numbers were expected")
            : (IReadOnlyList<int>)[.. list.EnumerateArray().Select(element => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) ? value
                : throw Invalid(name, "lists of whole numbers were expected"))])];

    /// <summary>A field that is one number for both sides of an image, or a list of height and width.</summary>
    public (int Height, int Width) Size(string name, int absent)
    {
        if (!Has(name) || _root.GetProperty(name).ValueKind == JsonValueKind.Number)
            return Int(name, absent, minimum: 1) is var side ? (side, side) : default;
        return Ints(name) is [> 0 and var height, > 0 and var width] ? (height, width) : throw Invalid(name, "a size or [height, width] was expected");
    }

    /// <summary>The names of the classes by number, where the file gives them.</summary>
    public IReadOnlyDictionary<int, string> Labels
    {
        get
        {
            var labels = new Dictionary<int, string>();
            if (Has("id2label"))
            {
                foreach (var label in Field("id2label", JsonValueKind.Object).EnumerateObject())
                    labels[int.TryParse(label.Name, out var id) ? id : throw Invalid("id2label", "its keys are numbers")]
                        = label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString()! : label.Value.GetRawText(); // a string: checked
            }
            return labels;
        }
    }

    /// <summary>A nested object as a configuration of its own; empty if it is not there.</summary>
    public ModelConfig Section(string name) => Has(name)
        ? new ModelConfig(Field(name, JsonValueKind.Object), $"{_file}: {name}") : Parse("{}"u8.ToArray(), $"{_file}: {name}");

    public InvalidConfigException Invalid(string name, string expected) =>
        new(_file, $"'{name}' is {(_root.TryGetProperty(name, out var field) ? Shorten(field.GetRawText()) : "missing")}, where {expected}");

    private JsonElement Field(string name, JsonValueKind kind) => Has(name) && _root.GetProperty(name) is var field && field.ValueKind == kind
        ? field : throw Invalid(name, $"{(kind == JsonValueKind.Object ? "an object" : $"a {kind.ToString().ToLowerInvariant()}")} was expected");

    private JsonElement.ArrayEnumerator Elements(string name) => Field(name, JsonValueKind.Array).EnumerateArray();

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}

/// <summary>A configuration file cannot be read, or holds a value that makes no sense.</summary>
public sealed class InvalidConfigException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidConfig, $"{file} cannot be used: {problem}.", "Check the file, or pull the model again: gpux pull.", inner);
