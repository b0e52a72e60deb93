using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gpux.Models.Yaml;

/// <summary>A value of a YAML file, and the line that it begins on, counted from 1.</summary>
internal abstract record YamlValue(int Line);

/// <param name="IsPlain">Whether it stands without quotes, so that null, true and numbers mean what they say.</param>
internal sealed record YamlText(string Text, bool IsPlain, int Line) : YamlValue(Line)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record YamlList(IReadOnlyList<YamlValue> Items, int Line) : YamlValue(Line);

/// <param name="Members">In the order of the file.</param>
internal sealed record YamlMap(IReadOnlyList<(string Name, YamlValue Value, int Line)> Members, int Line) : YamlValue(Line);

/// <summary>Reads YAML into a tree: one document, without anchors and tags, of bounded depth and size.</summary>
internal static class YamlTree
{
    private const int DeepestNesting = 32;

    /// <param name="refuse">Makes the exception for a line and what is wrong there.</param>
    public static YamlValue Read(string path, long limitBytes, Func<int, string, Exception> refuse)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true } file && file.Length > limitBytes)
                throw refuse(1, $"it has {file.Length:N0} bytes, more than the {limitBytes:N0} that are read");
            using var text = new StreamReader(path);
            var parser = new Parser(text);
            parser.Consume<StreamStart>();
            if (!parser.Accept<DocumentStart>(out _))
                throw refuse(1, "it is empty");
            parser.Consume<DocumentStart>();
            var value = ReadValue(parser, DeepestNesting, refuse);
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _) ? value : throw refuse(Line(parser.Current!), "it has a second document"); // there is an event until the end
        }
        catch (YamlException exception)
        {
            throw refuse((int)exception.Start.Line, exception.InnerException?.Message ?? exception.Message);
        }
        catch (InvalidOperationException)
        {
            // Thus the parser gives up on some damage, without a place.
            throw refuse(0, "it is damaged");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw refuse(0, exception.Message);
        }
    }

    private static YamlValue ReadValue(Parser parser, int depth, Func<int, string, Exception> refuse)
    {
        var line = parser.Current is null && !parser.MoveNext() ? 1 : Line(parser.Current!); // MoveNext has set it
        if (parser.Current is NodeEvent { Anchor.IsEmpty: false } or AnchorAlias)
            throw refuse(line, "anchors and aliases are not read");
        if (depth == 0)
            throw refuse(line, $"values are nested deeper than {DeepestNesting}");
        switch (parser.Current)
        {
            case Scalar:
                var scalar = parser.Consume<Scalar>();
                return new YamlText(scalar.Value, scalar.Style == ScalarStyle.Plain, line);
            case SequenceStart:
                parser.Consume<SequenceStart>();
                var items = new List<YamlValue>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                    items.Add(ReadValue(parser, depth - 1, refuse));
                return new YamlList(items, line);
            case MappingStart:
                parser.Consume<MappingStart>();
                var (members, names) = (new List<(string Name, YamlValue Value, int Line)>(), new HashSet<string>());
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    if (!parser.Accept<Scalar>(out var key))
                        throw refuse(Line(parser.Current!), "a field's name is a text"); // Accept has read an event
                    parser.Consume<Scalar>();
                    if (!names.Add(key.Value))
                        throw refuse(Line(key), $"'{key.Value}' stands there twice");
                    members.Add((key.Value, ReadValue(parser, depth - 1, refuse), Line(key)));
                }
                return new YamlMap(members, line);
            default:
                throw refuse(line, "it is no YAML of this kind");
        }
    }

    private static int Line(ParsingEvent at) => (int)at.Start.Line;
}
