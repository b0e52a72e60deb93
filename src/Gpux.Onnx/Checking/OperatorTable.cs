using System.Buffers.Text;
using System.Text;

namespace Gpux.Onnx.Checking;

/// <summary>The operators of ONNX and the few of ONNX Runtime that GPUX writes. Lines of text that are searched in place, so that
/// knowing all of them costs nothing until one is asked for.</summary>
internal static partial class OperatorTable
{
    /// <summary>The newest operator set of ai.onnx in the table.</summary>
    public const int NewestDefault = 27;
    private const int NewestMl = 5;
    private const int MaxNameLength = 64;

    /// <summary>Whether the operators of a domain's version are known, so that another one is an error.</summary>
    public static bool IsComplete(string domain, long version) => domain switch
    {
        "" => version <= NewestDefault,
        "ai.onnx.ml" => version <= NewestMl,
        "ai.onnx.preview" or "ai.onnx.preview.training" => version <= 1,
        // com.microsoft grows with every version of ONNX Runtime.
        _ => false,
    };

    /// <returns>Null if the table has no such operator, or only in newer versions.</returns>
    public static OperatorSchema? Find(string domain, string name, long version)
    {
        var rest = LinesFrom(Lines(domain), name);
        ReadOnlySpan<byte> found = default;
        while (Line(ref rest) is { IsEmpty: false } line && NameIs(line, name) && Version(line) <= version)
            found = line;
        return found.IsEmpty ? null : Parse(found);
    }

    /// <returns>The first version that has the operator; null if none has.</returns>
    public static int? Introduced(string domain, string name)
    {
        var rest = LinesFrom(Lines(domain), name);
        return Line(ref rest) is { IsEmpty: false } line && NameIs(line, name) ? Version(line) : null;
    }

    /// <returns>The operator with the most similar name; null if none is similar.</returns>
    public static string? Closest(string domain, string name)
    {
        if (name.Length > MaxNameLength)
            return null;
        string? closest = null;
        // One letter is a slip, and more than a third of the name is another name.
        var least = Math.Max(1, name.Length / 3) + 1;
        var rest = Lines(domain);
        while (Line(ref rest) is { IsEmpty: false } line)
        {
            var candidate = Encoding.ASCII.GetString(line[..line.IndexOf((byte)' ')]);
            var distance = Distance(name, candidate);
            if (distance < least)
                (least, closest) = (distance, candidate);
        }
        return closest;
    }

    /// <summary>The lines of a domain, each with its end; none of a domain that is not known.</summary>
    internal static ReadOnlySpan<byte> Lines(string domain) => domain switch
    {
        "" => Default,
        "ai.onnx.ml" => Ml,
        "ai.onnx.preview" => Preview,
        "ai.onnx.preview.training" => PreviewTraining,
        "com.microsoft" => Microsoft,
        _ => default,
    };

    /// <summary>The lines from the first on whose name is not less than <paramref name="name"/>.</summary>
    private static ReadOnlySpan<byte> LinesFrom(ReadOnlySpan<byte> lines, string name)
    {
        int low = 0, high = lines.Length;
        while (low < high)
        {
            var start = lines[low..((low + high) / 2)].LastIndexOf((byte)'\n') + 1 + low;
            var end = start + lines[start..].IndexOf((byte)'\n') + 1;
            var line = lines[start..end];
            if (Compare(line[..line.IndexOf((byte)' ')], name) < 0)
                low = end;
            else
                high = start;
        }
        return lines[low..];
    }

    private static int Compare(ReadOnlySpan<byte> ascii, string name)
    {
        for (var i = 0; i < ascii.Length && i < name.Length; i++)
        {
            if (ascii[i] != name[i])
                return ascii[i] - name[i];
        }
        return ascii.Length - name.Length;
    }

    private static bool NameIs(ReadOnlySpan<byte> line, string name) =>
        line.Length > name.Length && line[name.Length] == ' ' && Ascii.Equals(line[..name.Length], name);

    private static int Version(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line[(line.IndexOf((byte)' ') + 1)..], out int version, out _)
            ? version
            : throw new InvalidDataException($"No version: {Encoding.ASCII.GetString(line)}");

    /// <summary>Takes a line, without its end, from the front; empty when there is none.</summary>
    private static ReadOnlySpan<byte> Line(scoped ref ReadOnlySpan<byte> lines)
    {
        var end = lines.IndexOf((byte)'\n');
        var line = lines[..Math.Max(end, 0)];
        lines = lines[(end + 1)..];
        return line;
    }

    private static OperatorSchema Parse(ReadOnlySpan<byte> line)
    {
        var words = Encoding.ASCII.GetString(line).Split(' ');
        if (words[2] == "deprecated")
            return OperatorSchema.Deprecated;
        if (words[2] == "unchecked")
            return OperatorSchema.Unchecked;
        var attributes = new AttributeSchema[words.Length - 4];
        for (var i = 0; i < attributes.Length; i++)
        {
            var word = words[4 + i].AsSpan();
            var colon = word.IndexOf(':');
            attributes[i] = new AttributeSchema(word[..colon].ToString(), Kind(word[(colon + 1)..].TrimEnd('!')), word[^1] == '!');
        }
        return new OperatorSchema(OperatorStatus.Known, words[2].TrimStart('.'), words[3].TrimStart('.'), attributes);
    }

    private static AttributeKind Kind(ReadOnlySpan<char> letters) => letters switch
    {
        "f" => AttributeKind.Float,
        "i" => AttributeKind.Int,
        "s" => AttributeKind.String,
        "t" => AttributeKind.Tensor,
        "g" => AttributeKind.Graph,
        "p" => AttributeKind.SparseTensor,
        "y" => AttributeKind.Type,
        "ff" => AttributeKind.Floats,
        "ii" => AttributeKind.Ints,
        "ss" => AttributeKind.Strings,
        "tt" => AttributeKind.Tensors,
        "gg" => AttributeKind.Graphs,
        "pp" => AttributeKind.SparseTensors,
        _ => AttributeKind.Types,
    };

    /// <summary>How many letters must be put in, taken out or changed (Levenshtein); another case of a letter is no change.</summary>
    private static int Distance(string from, string to)
    {
        Span<int> row = stackalloc int[MaxNameLength + 1];
        for (var j = 0; j <= from.Length; j++)
            row[j] = j;
        for (var i = 1; i <= to.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= from.Length; j++)
            {
                var same = char.ToUpperInvariant(from[j - 1]) == char.ToUpperInvariant(to[i - 1]);
                var replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[from.Length];
    }
}
