using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Gpux.Registries.Yaml;

/// <summary>A value of a YAML document.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record YamlNode(int Line)
{
    private const int DepthLimit = 32;

    /// <summary>Reads the first document of a file.</summary>
    /// <remarks>An alias is the very node that its anchor names, so that a document cannot grow by naming one often.</remarks>
    /// <param name="rules">Those of small files of other programs where null.</param>
    /// <returns>Null where the file is empty.</returns>
    /// <exception cref="InvalidYamlException">It is no YAML, breaks the rules, or is nested deeper than any real file.</exception>
    public static YamlNode? Read(ReadOnlyMemory<byte> file, YamlRules? rules = null)
    {
        rules ??= new YamlRules();
        if (file.Length > rules.SizeLimitBytes)
            throw new InvalidYamlException(0, $"it exceeds {rules.SizeLimitBytes >> 20} MiB");
        try
        {
            return Read(new Parser(new StringReader(Encoding.UTF8.GetString(file.Span).TrimStart('\uFEFF'))), rules);
        }
        catch (YamlException exception)
        {
            var reason = exception.InnerException?.Message ?? exception.Message;
            throw new InvalidYamlException((int)exception.Start.Line, Printable.Text(reason), exception);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw new InvalidYamlException(0, "it is no YAML", exception); // What the scanner throws of some broken escapes
        }
    }

    /// <summary>The value of a key; null where this is no mapping or lacks it.</summary>
    public YamlNode? this[string key] => (this as YamlMapping)?.Entries.GetValueOrDefault(key)?.Value;

    /// <summary>The text of a key; null where it is absent, empty, null or no scalar.</summary>
    public string? Text(string key) => (this[key] as YamlScalar)?.Value;

    /// <summary>The keys of a mapping, in the file's order.</summary>
    public IEnumerable<string> Keys => (this as YamlMapping)?.Entries.Keys ?? Enumerable.Empty<string>();

    // No recursion: open collections are on a stack of bounded depth.
    private static YamlNode? Read(Parser parser, YamlRules rules)
    {
        YamlNode? root = null;
        var anchors = new Dictionary<AnchorName, YamlNode>();
        var open = new Stack<Builder>();
        for (var nodes = 0; parser.MoveNext();)
        {
            YamlNode node;
            AnchorName anchor;
            if (root is not null && parser.Current is DocumentStart second)
                throw new InvalidYamlException((int)second.Start.Line, "it has a second document");
            if (rules.IsOneTree && parser.Current is (AnchorAlias or NodeEvent { Anchor.IsEmpty: false }))
                throw new InvalidYamlException((int)parser.Current.Start.Line, "anchors and aliases are not read");
            switch (parser.Current)
            {
                case MappingStart or SequenceStart when open.Count == DepthLimit:
                    throw new InvalidYamlException((int)parser.Current.Start.Line, $"it is nested more than {DepthLimit} levels deep");
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
                        ?? throw new InvalidYamlException((int)alias.Start.Line, $"no value before it has the anchor '{Printable.Text(alias.Value.Value)}'");
                    anchor = AnchorName.Empty;
                    break;
                case Scalar scalar:
                    (node, anchor) = (new YamlScalar((int)scalar.Start.Line, scalar.Value, scalar.Style == ScalarStyle.Plain), scalar.Anchor);
                    break;
                default:
                    continue;
            }
            if (++nodes > rules.ValueLimit)
                throw new InvalidYamlException(node.Line, $"it has more than {rules.ValueLimit:N0} values");
            if (!anchor.IsEmpty)
                anchors[anchor] = node;
            if (open.Count > 0)
                open.Peek().Add(node);
            else if (rules.IsOneTree)
                root = node;
            else
                return node;
        }
        return root;
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
                throw new InvalidYamlException(_key.Line, "a key is no text");
            if (!((YamlMapping)node).Entries.TryAdd(key, new YamlEntry(_key.Line, value))) // A builder makes one of the two
                throw new InvalidYamlException(_key.Line, $"'{Printable.Text(key)}' is there twice");
            _key = null;
        }
    }
}

/// <param name="Written">As it stands, without quotes.</param>
/// <param name="IsPlain">Whether it stands without quotes, so that null, true and numbers mean what they say.</param>
internal sealed record YamlScalar(int Line, string Written, bool IsPlain) : YamlNode(Line)
{
    /// <summary>Null for an empty value and for null, unless quoted.</summary>
    public string? Value => IsPlain && Written is ("" or "~" or "null" or "Null" or "NULL") ? null : Written;
}

internal sealed record YamlSequence(int Line, List<YamlNode> Items) : YamlNode(Line);

internal sealed record YamlMapping(int Line, Dictionary<string, YamlEntry> Entries) : YamlNode(Line);

/// <param name="Line">That of the key, from 1.</param>
internal sealed record YamlEntry(int Line, YamlNode Value);
