using System.Text;

namespace Gpux.Registries.PyTorch;

/// <summary>What hubconf.py offers, read from its text: it is a program, and never run.</summary>
/// <remarks>Source: torch/hub.py of PyTorch 2.x: entry points are the callables of the module whose names do not begin with
/// '_'.</remarks>
/// <param name="Dependencies">Packages that it says it needs.</param>
/// <param name="IsDynamic">Whether it makes entry points as it runs, which cannot be listed.</param>
internal sealed record HubConf(IReadOnlyList<string> Dependencies, IReadOnlyList<HubEntry> Entries, bool IsDynamic)
{
    private const int EntryLimit = 1000;
    private const int HelpLimit = 1000;

    public static HubConf Parse(string source)
    {
        var dependencies = new List<string>();
        var entries = new Dictionary<string, HubEntry>();
        var isDynamic = false;
        var statements = PythonText.Statements(source.ReplaceLineEndings("\n"));
        source = source.ReplaceLineEndings("\n");
        for (var i = 0; i < statements.Count && entries.Count < EntryLimit; i++)
        {
            var statement = statements[i];
            var text = source[statement.Start..statement.End];
            isDynamic |= text.Contains("globals()", StringComparison.Ordinal);
            if (statement.Indent > 0)
                continue;
            if (text.StartsWith("def ", StringComparison.Ordinal))
                AddFunction(i, text);
            else if (text.StartsWith("from ", StringComparison.Ordinal))
                AddImported(text);
            else if (Assigned(text) is var (name, value))
            {
                if (name == "dependencies")
                    dependencies.AddRange(Strings(value));
                else if (IsName(value))
                    Add(name, help: null, text);
            }
        }
        return new HubConf(dependencies, [.. entries.Values], isDynamic);

        void AddFunction(int index, string text)
        {
            var name = text[4..].TrimStart();
            name = name[..LengthOfName(name)];
            var end = statements[index].End;
            string? help = null;
            for (var next = index + 1; next < statements.Count && statements[next].Indent > 0; next++)
            {
                var at = statements[next].Start;
                if (next == index + 1 && PythonText.ReadString(source, ref at) is { } first && at == statements[next].End)
                    help = Cleaned(first);
                end = statements[next].End;
            }
            Add(name, help, source[statements[index].Start..end]);
        }

        void AddImported(string text)
        {
            var at = text.IndexOf(" import ", StringComparison.Ordinal);
            if (at < 0 || text.StartsWith("from __future__", StringComparison.Ordinal))
                return;
            foreach (var item in WithoutComments(text[(at + 8)..]).Trim('(', ')', ' ', '\n').Split(','))
            {
                var words = item.Split((char[])[' ', '\n', '\t', '\\'], StringSplitOptions.RemoveEmptyEntries);
                if (words is [var plain])
                    Add(plain, help: null, text);
                else if (words is [_, "as", var renamed])
                    Add(renamed, help: null, text);
            }
        }

        void Add(string name, string? help, string text)
        {
            if (name.Length > 0 && name[0] != '_' && LengthOfName(name) == name.Length)
                entries[name] = new HubEntry(name, help, text);
        }
    }

    private static (string Name, string Value)? Assigned(string text)
    {
        var length = LengthOfName(text);
        var rest = text[length..].TrimStart();
        return length > 0 && rest.Length > 1 && rest[0] == '=' && rest[1] != '=' ? (text[..length], rest[1..].TrimStart()) : null;
    }

    // Another name, or what a call gives: it may be callable. Numbers, texts and lists are not.
    private static bool IsName(string value) => LengthOfName(value) is > 0 and var length && value[..length] is not ("None" or "True" or "False")
        && !(length < value.Length && value[length] is '"' or '\'');

    private static int LengthOfName(string text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetter(text[length]) || text[length] == '_' || (length > 0 && char.IsAsciiDigit(text[length]))))
            length++;
        return length;
    }

    private static IEnumerable<string> Strings(string value)
    {
        for (var at = 0; at < value.Length;)
        {
            if (value[at] == '#')
                at = value.IndexOf('\n', at) is >= 0 and var end ? end : value.Length;
            else if (PythonText.ReadString(value, ref at) is { } text)
                yield return text;
            else
                at++;
        }
    }

    private static string WithoutComments(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var line in text.Split('\n'))
            plain.Append(line.AsSpan(0, line.IndexOf('#') is >= 0 and var hash ? hash : line.Length)).Append('\n');
        return plain.ToString();
    }

    // As inspect.cleandoc: the indentation that all lines but the first share goes.
    private static string Cleaned(string help)
    {
        var lines = help.Replace("\t", "        ").Trim().Split('\n');
        var indent = lines.Skip(1).Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        var cleaned = string.Join('\n', lines.Select((line, i) => (i == 0 || line.Length < indent ? line.Trim() : line[indent..]).TrimEnd()));
        return cleaned.Length > HelpLimit ? cleaned[..HelpLimit] : cleaned;
    }
}

/// <summary>A model that hubconf.py builds.</summary>
/// <param name="Help">The docstring; null where there is none.</param>
/// <param name="Source">The text that defines it.</param>
internal sealed record HubEntry(string Name, string? Help, string Source);
