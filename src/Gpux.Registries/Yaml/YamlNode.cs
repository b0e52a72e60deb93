using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gpux.Registries.Yaml;

/// <summary>A value of a YAML document.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record YamlNode(int Line)
{
    private const int SizeLimitBytes = 1 << 20;
    private const int DepthLimit = 32;
    private const int NodeLimit = 100_000;

    /// <summary>Reads the first document of a file.</summary>
    /// <remarks>An alias is the very node that its anchor names, so that a document cannot grow by naming one often.</remarks>
    /// <returns>Null where the file is empty.</returns>
    /// <exception cref="FormatException">It is no YAML, or larger, deeper or of more values than any real file.</exception>
    public static YamlNode? Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length > SizeLimitBytes)
            throw new FormatException($"it exceeds {SizeLimitBytes >> 20} MiB");
        try
        {
            return Read(new Parser(new StringReader(Encoding.UTF8.GetString(file.Span).TrimStart('\uFEFF'))));
        }
        catch (YamlException exception)
        {
            var reason = exception.InnerException?.Message ?? exception.Message;
            throw new FormatException($"line {exception.Start.Line}: {Printable.Text(reason)}", exception);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new FormatException("it is no YAML", exception); // What the scanner throws of some broken escapes
        }
    }

    /// <summary>The value of a key; null where this is no mapping or lacks it.</summary>
    public YamlNode? this[string key] => (this as YamlMapping)?.Entries.GetValueOrDefault(key)?.Value;

    /// <summary>The text of a key; null where it is absent, empty, null or no scalar.</summary>
    public string? Text(string key) => (this[key] as YamlScalar)?.Value;

    /// <summary>The keys of a mapping, in the file's order.</summary>
    public IEnumerable<string> Keys => (this as YamlMapping)?.Entries.Keys ?? Enumerable.Empty<string>();

    // No recursion: open collections are on a stack of bounded depth.
    private static YamlNode? Read(Parser parser)
    {
        var anchors = new Dictionary<AnchorName, YamlNode>();
        var open = new Stack<Builder>();
        for (var nodes = 0; parser.MoveNext();)
        {
            YamlNode node;
            AnchorName anchor;
            switch (parser.Current)
            {
                case MappingStart or SequenceStart when open.Count == DepthLimit:
                    throw new FormatException($"line {parser.Current.Start.Line}: it is nested more than {DepthLimit} levels deep");
                case MappingStart start:
                    open.Push(new Builder(new YamlMapping((int)start.Start.Line, []), start.Anchor));
                    continue;
                case SequenceStart start:
                    open.Push(new Builder(new YamlSequence((int)start.Start.Line, []), start.Anchor));
                    continue;
                case MappingEnd or SequenceEnd:
                    var done = open.Pop();
                    (node, anchor) = (done.Node, done.Anchor);
                    break;
                case AnchorAlias alias:
                    node = anchors.GetValueOrDefault(alias.Value)
                        ?? throw new FormatException($"line {alias.Start.Line}: no value before it has the anchor '{Printable.Text(alias.Value.Value)}'");
                    anchor = AnchorName.Empty;
                    break;
                case Scalar scalar:
                    var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";
                    (node, anchor) = (new YamlScalar((int)scalar.Start.Line, isNull ? null : scalar.Value), scalar.Anchor);
                    break;
                default:
                    continue;
            }
            if (++nodes > NodeLimit)
                throw new FormatException($"it has more than {NodeLimit:N0} values");
            if (!anchor.IsEmpty)
                anchors[anchor] = node;
            if (open.Count == 0)
                return node;
            open.Peek().Add(node);
        }
        return null;
    }

    private sealed class Builder(YamlNode node, AnchorName anchor)
    {
        private YamlNode? _key;

        public YamlNode Node => node;
        public AnchorName Anchor => anchor;

        public void Add(YamlNode value)
        {
            if (node is YamlSequence sequence)
            {
                sequence.Items.Add(value);
                return;
            }
            if (_key is null)
            {
                _key = value;
                return;
            }
            if (_key is not YamlScalar { Value: { } key })
                throw new FormatException($"line {_key.Line}: a key is no text");
            if (!((YamlMapping)node).Entries.TryAdd(key, new YamlEntry(_key.Line, value))) // A builder makes one of the two
                throw new FormatException($"line {_key.Line}: '{Printable.Text(key)}' is there twice");
            _key = null;
        }
    }
}

/// <param name="Value">Null for an empty value and for null, unless quoted.</param>
internal sealed record YamlScalar(int Line, string? Value) : YamlNode(Line);

internal sealed record YamlSequence(int Line, List<YamlNode> Items) : YamlNode(Line);

internal sealed record YamlMapping(int Line, Dictionary<string, YamlEntry> Entries) : YamlNode(Line);

/// <param name="Line">That of the key, from 1.</param>
internal sealed record YamlEntry(int Line, YamlNode Value);
