using System.Text;
using Gpux.Registries.Store;
using Gpux.Registries.Yaml;

namespace Gpux.Registries.Configuration;

/// <summary>registries.yml: the user's own registries. Described in docs/registries/custom.md.</summary>
/// <remarks>Only the file that GPUX_REGISTRIES names, or that in $GPUX_HOME: one that lies in a folder of somebody else's project could
/// make names mean other servers.</remarks>
public sealed class RegistriesFile
{
    private const string Root = "registries";
    private const string Header = "# Registries of your own: docs/registries/custom.md. Secrets stay in environment variables.\n";

    private static readonly string[] Secrets = ["token", "password", "secret", "api_key", "access_key", "secret_key", "key", "auth"];

    private readonly RegistryEnvironment _environment;
    private readonly StoreFolder _folder;

    public RegistriesFile(RegistryEnvironment environment)
    {
        _environment = environment;
        var home = new StoreLayout(environment).Home;
        FilePath = environment.Folder("GPUX_REGISTRIES") ?? Path.Combine(home.Path, "registries.yml");
        _folder = new StoreFolder(Path.GetDirectoryName(FilePath) ?? home.Path, environment.Folder("GPUX_REGISTRIES") is null ? home.Variable : "GPUX_REGISTRIES");
    }

    public string FilePath { get; }

    /// <summary>The registries, in the file's order; none where there is no file.</summary>
    /// <exception cref="RegistryConfigurationException">The file breaks its format.</exception>
    public IReadOnlyList<RegistryConfiguration> Read() => File.Exists(FilePath) ? Parse(ReadText()) : [];

    /// <summary>Adds a registry; what else is in the file stays as it is, comments too.</summary>
    /// <exception cref="RegistryConfigurationException">There is one of this name, or the registry breaks the format.</exception>
    public async Task AddAsync(RegistryConfiguration registry, CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        var text = File.Exists(FilePath) ? ReadText() : Header;
        var before = Parse(text);
        if (before.Any(known => known.Name == registry.Name))
            throw Damage($"there is a registry '{registry.Name}' already", $"Remove it first: gpux registries remove {registry.Name}");
        if (text.Length > 0 && text[^1] != '\n')
            text += "\n";
        var (root, indent) = Layout(text);
        if (root is null)
            text += $"{Root}:\n";
        Write(text + Block(registry, indent), [.. before, registry]);
    }

    /// <summary>Removes a registry; what else is in the file stays as it is.</summary>
    /// <returns>False where there is none of this name.</returns>
    /// <exception cref="RegistryConfigurationException">The file breaks its format, or cannot be edited line by line.</exception>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        if (!File.Exists(FilePath))
            return false;
        var text = ReadText();
        var before = Parse(text);
        if (before.All(known => known.Name != name))
            return false;
        var (root, indent) = Layout(text);
        var lines = text.Split('\n').ToList();
        var start = root!.Entries[name].Line - 1; // Parse found it below the root
        var end = start + 1;
        // What is indented deeper belongs to it; a comment before the next registry belongs to that.
        while (end < lines.Count && (lines[end].Trim().Length == 0 ? end + 1 < lines.Count : Indent(lines[end]) > indent))
            end++;
        lines.RemoveRange(start, end - start);
        Write(string.Join('\n', lines), [.. before.Where(known => known.Name != name)]);
        return true;
    }

    private List<RegistryConfiguration> Parse(string text)
    {
        YamlNode? document;
        try
        {
            document = YamlNode.Read(Encoding.UTF8.GetBytes(text));
        }
        catch (FormatException exception)
        {
            throw Damage(exception.Message);
        }
        var registries = new List<RegistryConfiguration>();
        if (document is null or YamlScalar { Value: null })
            return registries;
        if (document is not YamlMapping top)
            throw Damage($"line {document.Line}: it begins with '{Root}:'");
        foreach (var (key, entry) in top.Entries)
        {
            if (key != Root)
                throw Unknown(entry.Line, key, [Root]);
            if (entry.Value is YamlScalar { Value: null })
                continue;
            if (entry.Value is not YamlMapping all)
                throw Damage($"line {entry.Line}: below '{Root}' each registry has its name, with a colon");
            foreach (var (name, registry) in all.Entries)
                registries.Add(ReadRegistry(name, registry));
        }
        return registries;
    }

    private RegistryConfiguration ReadRegistry(string name, YamlEntry entry)
    {
        if (NameProblem(name) is { } rule)
            throw Damage($"line {entry.Line}: the name '{Printable.Text(name)}' {rule}");
        if (entry.Value is not YamlMapping values || values.Text("kind") is not { } kindName)
            throw Damage($"line {entry.Line}: '{name}' needs a kind, one of {KindNames()}");
        if (RegistryKinds.Find(kindName) is not { } kind)
            throw Damage($"line {values.Entries["kind"].Line}: there is no kind '{Printable.Text(kindName)}'. {Nearest(kindName, [.. RegistryKinds.All.Select(each => each.Name)])}");
        string[] known = ["kind", "url", "description", .. kind.Keys];
        foreach (var (key, value) in values.Entries)
        {
            if (Secrets.Contains(key))
                throw Damage($"line {value.Line}: '{key}' would hold a secret, which does not belong into this file",
                    "Put it into an environment variable, and name that with token_variable. If the file was shared, replace the secret.");
            if (!known.Contains(key))
                throw Unknown(value.Line, key, known);
            if (value.Value is not YamlScalar { Value: not null })
                throw Damage($"line {value.Line}: '{key}' needs a text");
        }
        var folder = kindName == "local";
        var registry = new RegistryConfiguration(name, kindName)
        {
            Url = folder && values.Text("url") is { } path ? Expanded(path) : values.Text("url"),
            Description = values.Text("description"),
            TokenVariable = Variable(values, "token_variable"),
            UsernameVariable = Variable(values, "username_variable"),
            PasswordVariable = Variable(values, "password_variable"),
            AccessKeyVariable = Variable(values, "access_key_variable"),
            SecretKeyVariable = Variable(values, "secret_key_variable"),
            Region = values.Text("region"),
            Ca = values.Text("ca") is { } ca ? Expanded(ca) : null,
            ClientCertificate = values.Text("client_certificate") is { } certificate ? Expanded(certificate) : null,
        };
        if (registry.Url is not { } url)
            throw Damage($"line {entry.Line}: '{name}' needs a url");
        if (!folder && (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0))
            throw Damage($"line {values.Entries["url"].Line}: the url of '{name}' is no web address, such as https://models.example");
        if (!folder && new Uri(url).UserInfo.Length > 0)
            throw Damage($"line {values.Entries["url"].Line}: the url of '{name}' holds a password, which does not belong into this file",
                "Put it into environment variables, and name those with username_variable and password_variable.");
        if (registry.UsernameVariable is null != registry.PasswordVariable is null || registry.AccessKeyVariable is null != registry.SecretKeyVariable is null)
            throw Damage($"line {entry.Line}: '{name}' names one variable of a pair; it needs both");
        return registry;
    }

    // A secret that was written in the place of a variable's name most often is no name.
    private string? Variable(YamlMapping values, string key)
    {
        if (values.Text(key) is not { } name)
            return null;
        return !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && name.Length <= 100 ? name
            : throw Damage($"line {values.Entries[key].Line}: '{key}' is the name of an environment variable, of letters, digits and '_'",
                "If it is the secret itself, put that into a variable, and its name here.");
    }

    private static string? NameProblem(string name)
    {
        if (name.Length is < 2 or > 40 || !char.IsAsciiLetterLower(name[0]) || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            return "is not of small letters, digits and '-', 2 to 40, a letter first";
        return name is "http" or "https" or "file" || RegistryCatalog.All.Any(entry => entry.Name == name || entry.Schemes.Contains(name))
            ? "is that of a registry which comes with GPUX" : null;
    }

    // The mapping of registries where it has any, and how far its names are indented.
    private (YamlMapping? Root, int Indent) Layout(string text)
    {
        if (YamlNode.Read(Encoding.UTF8.GetBytes(text)) is not YamlMapping top || !top.Entries.TryGetValue(Root, out var root))
            return (null, 2);
        if (root.Value is not YamlMapping all || all.Entries.Count == 0)
            return root.Value is YamlScalar ? (new YamlMapping(root.Line, []), 2) : throw InOneLine();
        var first = all.Entries.Values.First();
        return first.Line > root.Line ? (all, Indent(text.Split('\n')[first.Line - 1])) : throw InOneLine();
    }

    private RegistryConfigurationException InOneLine() =>
        Damage("its registries are written in one line, which is not edited", "Edit the file by hand, or write each registry on lines of its own.");

    private static string Block(RegistryConfiguration registry, int indent)
    {
        var text = new StringBuilder();
        var pad = new string(' ', indent);
        text.Append(pad).Append(registry.Name).Append(":\n");
        foreach (var (key, value) in ((string, string?)[])
        [
            ("kind", registry.Kind), ("url", registry.Url), ("description", registry.Description), ("token_variable", registry.TokenVariable),
            ("username_variable", registry.UsernameVariable), ("password_variable", registry.PasswordVariable),
            ("access_key_variable", registry.AccessKeyVariable), ("secret_key_variable", registry.SecretKeyVariable),
            ("region", registry.Region), ("ca", registry.Ca), ("client_certificate", registry.ClientCertificate),
        ])
        {
            if (value is not null)
                text.Append(pad).Append("  ").Append(key).Append(": ").Append(Scalar(value)).Append('\n');
        }
        return text.ToString();
    }

    private static string Scalar(string value)
    {
        var isPlain = value.Length > 0 && (char.IsAsciiLetter(value[0]) || value[0] == '/')
            && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or ':' or '_' or '-' or '@' or '%' or '+') && value[^1] != ':'
            && value is not ("null" or "Null" or "NULL" or "true" or "false" or "yes" or "no" or "on" or "off");
        return isPlain ? value : $"\"{System.Text.Json.JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
    }

    // The edit is by lines: what came of it is read again before it is written.
    private void Write(string text, IReadOnlyList<RegistryConfiguration> expected)
    {
        var after = Parse(text);
        if (!after.SequenceEqual(expected.Select(Normal)))
            throw Damage("it cannot be edited line by line", "Edit it by hand.");
        _folder.WriteFile(FilePath, Encoding.UTF8.GetBytes(text));

        RegistryConfiguration Normal(RegistryConfiguration registry) => registry with
        {
            Url = registry is { Kind: "local", Url: { } path } ? Expanded(path) : registry.Url,
            Ca = registry.Ca is { } ca ? Expanded(ca) : null,
            ClientCertificate = registry.ClientCertificate is { } certificate ? Expanded(certificate) : null,
        };
    }

    private string ReadText()
    {
        try
        {
            return new FileInfo(FilePath).Length <= 1 << 20 ? File.ReadAllText(FilePath) : throw Damage("it exceeds 1 MiB");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Damage(exception.Message, "Check that you may read it.");
        }
    }

    private async Task<IDisposable> LockAsync(CancellationToken cancellationToken)
    {
        var home = new StoreLayout(_environment).Home;
        return await FileLock.AcquireAsync(
            home, Path.Combine(home.Path, "locks", "registries.lock"), shared: false, _environment.Clock, onWait: null, cancellationToken);
    }

    private string Expanded(string path) =>
        Path.GetFullPath(path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? _environment.Home + path[1..] : path, _folder.Path);

    private static int Indent(string line) => line.Length - line.TrimStart(' ').Length;

    private static string KindNames() => string.Join(", ", RegistryKinds.All.Select(kind => kind.Name));

    private RegistryConfigurationException Unknown(int line, string key, string[] known) =>
        Damage($"line {line}: there is no '{Printable.Text(key)}'. {Nearest(key, known)}");

    private static string Nearest(string name, string[] known)
    {
        var closest = known.MinBy(each => Distance(name, each)) ?? known[0];
        return Distance(name, closest) <= Math.Max(2, closest.Length / 2) ? $"Is '{closest}' meant?" : $"It may be: {string.Join(", ", known)}";
    }

    // Levenshtein's.
    private static int Distance(string left, string right)
    {
        if (left.Length > 100)
            return int.MaxValue;
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }

    private RegistryConfigurationException Damage(string problem, string? remedy = null) => new(FilePath, problem, remedy);
}
