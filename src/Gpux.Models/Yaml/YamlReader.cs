using System.Globalization;
using Gpux.Registries.Yaml;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Yaml;

/// <summary>Reads the fields of a map by name, and refuses those that nobody asks for.</summary>
/// <param name="where">The map's own name, such as "runtime.gpu"; empty for the whole file.</param>
/// <param name="refuse">Makes the exception for a line and what is wrong there.</param>
internal sealed class YamlReader(YamlMapping map, string where, Func<int, string, Exception> refuse)
{
    /// <summary>Reads a file of GPUX's own: one document that is a map.</summary>
    /// <param name="refuse">Makes the exception for a line (0 where it is not known) and what is wrong there.</param>
    public static YamlReader Read(string path, YamlRules rules, Func<int, string, Exception> refuse)
    {
        try
        {
            // Before its bytes are read
            if (new FileInfo(path) is { Exists: true } file && file.Length > rules.SizeLimitBytes)
                throw refuse(1, $"it has {file.Length:N0} bytes, more than the {rules.SizeLimitBytes:N0} that are read");
            return Of(YamlNode.Read(File.ReadAllBytes(path), rules) ?? throw refuse(1, "it is empty"), "", refuse);
        }
        catch (InvalidYamlException exception)
        {
            throw refuse(exception.Line, exception.Problem);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw refuse(0, exception.Message);
        }
    }

    public static YamlReader Of(YamlNode value, string where, Func<int, string, Exception> refuse) =>
        value is YamlMapping map ? new YamlReader(map, where, refuse)
            : throw refuse(value.Line, where.Length == 0 ? "it is no list of fields" : $"'{where}' is no list of fields");

    public int Line => map.Line;

    public IEnumerable<string> Names => map.Keys;

    /// <exception cref="Exception">A field has another name; the closest of the known is told.</exception>
    public void RequireKnown(params IReadOnlyList<string> known)
    {
        foreach (var (name, entry) in map.Entries)
        {
            if (!known.Contains(name))
                throw refuse(entry.Line, $"there is no field '{Full(name)}'; the closest is '{ClosestName.To(name, known)}'");
        }
    }

    public YamlNode? Find(string name) => map[name] is { } value and not YamlScalar { Value: null } ? value : null;

    public YamlReader? Map(string name) => Find(name) is { } value ? Of(value, Full(name), refuse) : null;

    public IReadOnlyList<YamlReader> Maps(string name) => Items(name, item => Of(item, Full(name), refuse));

    public IReadOnlyList<string> Texts(string name) => Items(name, item => item is YamlScalar text ? text.Written : throw Unfit(item, name, "a list of texts"));

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        YamlScalar text => text.Written,
        var other => throw Unfit(other, name, "a text"),
    };

    public string RequireText(string name) => Text(name) is { Length: > 0 } text ? text : throw refuse(Line, $"'{Full(name)}' is missing");

    public long? Integer(string name, long least, long most) => Find(name) switch
    {
        null => null,
        YamlScalar { IsPlain: true } text when long.TryParse(text.Written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most => number,
        var other => throw Unfit(other, name, most == long.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}"),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        YamlScalar { IsPlain: true, Written: "true" } => true,
        YamlScalar { IsPlain: true, Written: "false" } => false,
        var other => throw Unfit(other, name, "true or false"),
    };

    public Exception Unfit(YamlNode value, string name, string expected) => refuse(value.Line,
        $"'{Full(name)}' is {(value is YamlScalar text ? $"'{text.Written}'" : value is YamlSequence ? "a list" : "a list of fields")}, where {expected} was expected");

    public Exception Refuse(string problem) => refuse(Line, problem);

    private T[] Items<T>(string name, Func<YamlNode, T> read) => Find(name) switch
    {
        null => [],
        YamlSequence list => [.. list.Items.Select(read)],
        var other => throw Unfit(other, name, "a list"),
    };

    private string Full(string name) => where.Length == 0 ? name : $"{where}.{name}";
}
