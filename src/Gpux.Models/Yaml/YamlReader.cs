using System.Globalization;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Yaml;

/// <summary>Reads the fields of a map by name, and refuses those that nobody asks for.</summary>
/// <param name="where">The map's own name, such as "runtime.gpu"; empty for the whole file.</param>
/// <param name="refuse">Makes the exception for a line and what is wrong there.</param>
internal sealed class YamlReader(YamlMap map, string where, Func<int, string, Exception> refuse)
{
    public static YamlReader Of(YamlValue value, string where, Func<int, string, Exception> refuse) =>
        value is YamlMap map ? new YamlReader(map, where, refuse)
            : throw refuse(value.Line, where.Length == 0 ? "it is no list of fields" : $"'{where}' is no list of fields");

    public int Line => map.Line;

    public IEnumerable<string> Names => map.Members.Select(member => member.Name);

    /// <exception cref="Exception">A field has another name; the closest of the known is told.</exception>
    public void RequireKnown(params IReadOnlyList<string> known)
    {
        foreach (var (name, _, line) in map.Members)
        {
            if (!known.Contains(name))
                throw refuse(line, $"there is no field '{Full(name)}'; the closest is '{ClosestName.To(name, known)}'");
        }
    }

    public YamlValue? Find(string name) =>
        map.Members.FirstOrDefault(member => member.Name == name).Value is { } value and not YamlText { IsNull: true } ? value : null;

    public YamlReader? Map(string name) => Find(name) is { } value ? Of(value, Full(name), refuse) : null;

    public IReadOnlyList<YamlReader> Maps(string name) => Items(name, item => Of(item, Full(name), refuse));

    public IReadOnlyList<string> Texts(string name) => Items(name, item => item is YamlText text ? text.Text : throw Unfit(item, name, "a list of texts"));

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        YamlText text => text.Text,
        var other => throw Unfit(other, name, "a text"),
    };

    public string RequireText(string name) => Text(name) is { Length: > 0 } text ? text : throw refuse(Line, $"'{Full(name)}' is missing");

    public long? Integer(string name, long least, long most) => Find(name) switch
    {
        null => null,
        YamlText { IsPlain: true } text when long.TryParse(text.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most => number,
        var other => throw Unfit(other, name, most == long.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}"),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        YamlText { IsPlain: true, Text: "true" } => true,
        YamlText { IsPlain: true, Text: "false" } => false,
        var other => throw Unfit(other, name, "true or false"),
    };

    public Exception Unfit(YamlValue value, string name, string expected) => refuse(value.Line,
        $"'{Full(name)}' is {(value is YamlText text ? $"'{text.Text}'" : value is YamlList ? "a list" : "a list of fields")}, where {expected} was expected");

    public Exception Refuse(string problem) => refuse(Line, problem);

    private T[] Items<T>(string name, Func<YamlValue, T> read) => Find(name) switch
    {
        null => [],
        YamlList list => [.. list.Items.Select(read)],
        var other => throw Unfit(other, name, "a list"),
    };

    private string Full(string name) => where.Length == 0 ? name : $"{where}.{name}";
}
