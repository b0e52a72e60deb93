using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Has a run write its profile into a temporary folder, reads it, and removes the folder.</summary>
internal sealed class RunRecording : IDisposable
{
    private const string EventStart = "{\"cat\" : \"";
    private const string NameStart = "\"name\" :\"";
    private const string NameEnd = "_kernel_time\",\"args\" : ";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-profile-");

    public RunRecording(RunOptionsHandle options) => options.Record(Path.Combine(Folder, "run"));

    public string Folder => _folder.FullName;

    /// <summary>Reads the profile, once the run is done.</summary>
    public ProviderReport Read()
    {
        var nodes = new Dictionary<(string Name, string Operator, string Provider), NodeExecution>();
        foreach (var file in _folder.EnumerateFiles())
            foreach (var text in Events(file.FullName))
                if (ReadNode(text) is { } node)
                {
                    var key = (node.Name, node.Operator, node.Provider);
                    nodes[key] = nodes.TryGetValue(key, out var before)
                        ? before with
                        {
                            Count = before.Count + 1,
                            Time = before.Time + node.Time,
                            IsCompute = before.IsCompute || node.IsCompute,
                        }
                        : node;
                }
        return new ProviderReport([.. nodes.Values]);
    }

    /// <summary>The events one by one, since a profile may be larger than memory. ONNX Runtime writes the names of nodes as they are,
    /// with line breaks and quotes unescaped, so a JSON reader does not get through every profile.</summary>
    private static IEnumerable<string> Events(string path)
    {
        var text = new StringBuilder();
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith(EventStart, StringComparison.Ordinal) && text.Length > 0)
            {
                yield return text.ToString();
                text.Clear();
            }
            text.Append(line).Append('\n');
        }
        yield return text.ToString();
    }

    /// <returns>One execution; null for events of other kinds.</returns>
    private static NodeExecution? ReadNode(string text)
    {
        var nameStart = text.IndexOf(NameStart, StringComparison.Ordinal) + NameStart.Length;
        var nameEnd = text.LastIndexOf(NameEnd, StringComparison.Ordinal);
        var objectEnd = text.LastIndexOf('}');
        if (nameStart < NameStart.Length || nameEnd < nameStart || !text.StartsWith(EventStart + "Node\"", StringComparison.Ordinal))
            return null;
        // The arguments are the last member of the event, and ONNX Runtime's own words.
        using var arguments = JsonDocument.Parse(text.AsMemory((nameEnd + NameEnd.Length)..objectEnd));
        var root = arguments.RootElement;
        var @operator = root.GetProperty("op_name").GetString() ?? "";
        return new NodeExecution(text[nameStart..nameEnd], @operator, root.GetProperty("provider").GetString() ?? "",
            Count: 1, Duration(text), !IsCopyOrControl(@operator) && !HasOnlySizes(root));
    }

    private static TimeSpan Duration(string text)
    {
        const string Start = "\"dur\" :";
        var digits = text.AsSpan()[(text.IndexOf(Start, StringComparison.Ordinal) + Start.Length)..];
        return TimeSpan.FromMicroseconds(long.Parse(digits[..digits.IndexOf(',')]));
    }

    private static bool IsCopyOrControl(string @operator) =>
        @operator is "MemcpyFromHost" or "MemcpyToHost" or "If" or "Loop" or "Scan";

    private static bool HasOnlySizes(JsonElement arguments)
    {
        if (!arguments.TryGetProperty("output_type_shape", out var outputs) || outputs.GetArrayLength() == 0)
            return false;
        foreach (var output in outputs.EnumerateArray())
            foreach (var type in output.EnumerateObject())
                if (type.Value.GetArrayLength() > 1 || !(type.Name == "bool" || type.Name.Contains("int", StringComparison.Ordinal)))
                    return false;
        return true;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
