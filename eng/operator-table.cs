// Writes src/Gpux.Onnx/Checking/OperatorTable.g.cs: what the operators of ONNX take and give.
// Source: docs/Changelog.md and docs/Changelog-ml.md of github.com/onnx/onnx (here: 1.22 and the main branch of 2026-08), and, for
// com.microsoft, docs/ContribOperators.md of github.com/microsoft/onnxruntime (main branch of 2026-08), whose facts are below.
//
//     dotnet run eng/operator-table.cs -- path/to/onnx/docs src/Gpux.Onnx/Checking/OperatorTable.g.cs
//
// A line is: name, first version of the operator set with this signature, inputs, outputs, attributes. Inputs and outputs are a
// letter each: r required, o optional, and last * for any number or + for at least one; "." for none. An attribute is name:kind, with
// ! if required; a kind is f, i, s, t(ensor), g(raph), p (sparse tensor), y (type), and twice the letter for a list. A line that ends
// with the word "deprecated" or "unchecked" instead says that the operator is gone, or that its signature was never fixed.
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

const int NewestDefault = 27; // the newest operator set of ai.onnx that is released, and not only being developed

var lines = new SortedDictionary<(string Domain, string Name, int Version), string>(
    Comparer<(string Domain, string Name, int Version)>.Create((x, y) => string.CompareOrdinal(x.Domain, y.Domain) is var domain and not 0 ? domain
        : string.CompareOrdinal(x.Name, y.Name) is var name and not 0 ? name
        : x.Version.CompareTo(y.Version)));

ReadChangelog(Path.Join(args[0], "Changelog.md"));
ReadChangelog(Path.Join(args[0], "Changelog-ml.md"));

// ONNX withdrew the first GroupNormalization in place; models of operator sets 18 to 20 that use it were valid when they were made.
lines[("", "GroupNormalization", 18)] = "rrr r epsilon:f num_groups:i!";
// An operator of ONNX Runtime that lives in ONNX's own domain.
lines[("", "SimplifiedLayerNormalization", 1)] = "rr ro axis:i epsilon:f stash_type:i";
// Experimental operators of the first operator sets: some runtimes still have them, and no schema describes them any more.
foreach (var name in (string[])
[
    "ATen", "Affine", "ConstantFill", "Crop", "DynamicSlice", "GRUUnit", "GivenTensorFill", "ImageScaler", "ParametricSoftplus",
    "Scale", "ScaledTanh",
])
{
    lines[("", name, 1)] = "unchecked";
}

foreach (var (name, signature) in (IEnumerable<(string, string)>)
[
    ("BiasGelu", "rr r"),
    ("FastGelu", "ro r"),
    ("FusedMatMul", "rr r alpha:f transA:i transB:i transBatchA:i transBatchB:i"),
    ("GatherBlockQuantized", "rrro r bits:i block_size:i gather_axis:i quantize_axis:i"),
    ("GroupQueryAttention", "roooorrooooooooo rooo causal:i do_rotary:i k_quant_type:s kv_cache_bit_width:i kv_num_heads:i! "
        + "local_window_size:i num_heads:i! qk_norm_epsilon:f qk_output:i rotary_interleaved:i scale:f sliding_window_cache:i "
        + "smooth_softmax:i softcap:f v_quant_type:s"),
    ("MatMulNBits", "rrrooo r K:i! N:i! accuracy_level:i bits:i block_size:i! weight_prepacked:i"),
    ("MultiHeadAttention", "rooooooooo rooo mask_filter_value:f num_heads:i! scale:f unidirectional:i"),
    ("QuickGelu", "r r alpha:f"),
    ("RotaryEmbedding", "rrrr r interleaved:i is_packed_batching:i num_heads:i rotary_embedding_dim:i scale:f"),
    ("SkipLayerNormalization", "rrroo rooo epsilon:f"),
    ("SkipSimplifiedLayerNormalization", "rrro rooo epsilon:f"),
])
{
    lines[("com.microsoft", name, 1)] = signature;
}

var output = new StringBuilder("""
    // Made by eng/operator-table.cs, which explains the lines.
    namespace Gpux.Onnx.Checking;

    internal static partial class OperatorTable
    {

    """);
foreach (var domain in lines.GroupBy(line => line.Key.Domain))
{
    var property = domain.Key switch
    {
        "" => "Default",
        "ai.onnx.ml" => "Ml",
        "ai.onnx.preview" => "Preview",
        "ai.onnx.preview.training" => "PreviewTraining",
        "com.microsoft" => "Microsoft",
        _ => throw new InvalidDataException($"Name the domain {domain.Key}."),
    };
    output.AppendLine("    private static ReadOnlySpan<byte> " + property + " => \"\"\"");
    // Most new versions of an operator only allow more element types: a line lasts until the next of its name.
    foreach (var (line, previous) in domain.Zip(domain.Prepend(default)))
    {
        if (line.Key.Name != previous.Key.Name || line.Value != previous.Value)
            output.AppendLine(CultureInfo.InvariantCulture, $"        {line.Key.Name} {line.Key.Version} {line.Value}");
    }
    // A line's end after the last line too: every line ends alike.
    output.AppendLine().AppendLine("        \"\"\"u8;").AppendLine();
}
output.Length -= Environment.NewLine.Length;
output.AppendLine("}");
File.WriteAllText(args[1], output.ToString().ReplaceLineEndings("\n"));
Console.WriteLine($"{lines.Count} signatures of {lines.Select(line => (line.Key.Domain, line.Key.Name)).Distinct().Count()} operators");

void ReadChangelog(string path)
{
    var section = "";
    (string Domain, string Name, int Version)? open = null;
    string inputs = "", outputs = "", attributes = "";
    int minimumInputs = 0, minimumOutputs = 0;
    var deprecated = false;
    foreach (var line in File.ReadLines(path).Append("### end"))
    {
        if (line.StartsWith("### ", StringComparison.Ordinal))
        {
            if (open is { } key && (key.Domain.Length > 0 || key.Version <= NewestDefault))
                lines.Add(key, deprecated ? "deprecated" : $"{Arity(inputs, minimumInputs)} {Arity(outputs, minimumOutputs)}{attributes}");
            var title = Regex.Match(line, @"^### <a name=""(?:(?<domain>[a-z.]+)\.)?(?<name>\w+)-(?<version>\d+)""></a>");
            open = title.Success
                ? (title.Groups["domain"].Value, title.Groups["name"].Value, int.Parse(title.Groups["version"].Value, CultureInfo.InvariantCulture))
                : null;
            (section, inputs, outputs, attributes, deprecated) = ("", "", "", "", line.Contains("(deprecated)", StringComparison.Ordinal));
        }
        else if (line.StartsWith("#### ", StringComparison.Ordinal))
        {
            section = line[5..].Split(' ')[0];
            var range = Regex.Match(line, @"\((\d+) - ");
            var minimum = range.Success ? int.Parse(range.Groups[1].Value, CultureInfo.InvariantCulture) : -1;
            if (section == "Inputs")
                minimumInputs = minimum;
            else if (section == "Outputs")
                minimumOutputs = minimum;
        }
        else if (Regex.Match(line, @"^<dt><tt>(?<name>[^<]+)</tt>(?: \((?<flags>[^)]*)\))? : (?<type>.*)</dt>$") is { Success: true } entry)
        {
            var flags = entry.Groups["flags"].Value;
            var letter = flags.Contains("variadic", StringComparison.Ordinal) ? "*"
                : flags.Contains("optional", StringComparison.Ordinal) ? "o"
                : "r";
            if (section == "Inputs")
                inputs += letter;
            else if (section == "Outputs")
                outputs += letter;
            else if (section == "Attributes")
                attributes += $" {entry.Groups["name"].Value}:{Kind(entry.Groups["type"].Value)}";
        }
    }
}

// The least number decides whether the last, repeated parameter may be absent.
static string Arity(string letters, int minimum)
{
    if (letters.Length == 0)
        return ".";
    if (letters[^1] != '*')
        return letters;
    return (minimum - (letters.Length - 1)) switch
    {
        0 => letters,
        1 => letters[..^1] + "+",
        var least => throw new InvalidDataException($"{letters} at least {least} times"),
    };
}

static string Kind(string type)
{
    var required = type.Contains("(required)", StringComparison.Ordinal) ? "!" : "";
    var name = type.Split(" (")[0];
    var list = name.StartsWith("list of ", StringComparison.Ordinal);
    var letter = (list ? name[8..^1] : name) switch
    {
        "float" => "f",
        "int" => "i",
        "string" => "s",
        "tensor" => "t",
        "graph" => "g",
        "sparse_tensor" => "p",
        "type_proto" => "y",
        _ => throw new InvalidDataException($"An attribute of type {type}."),
    };
    return letter + (list ? letter : "") + required;
}
