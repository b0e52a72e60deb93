using System.Text;
using System.Text.Json;
using Gpux.Registries.Store;

namespace Gpux.Registries.Credentials;

/// <summary>$GPUX_HOME/credentials.json: access tokens of the registries that have no file of their own. Its owner alone may read
/// it.</summary>
public sealed class CredentialFile(RegistryEnvironment environment)
{
    private const int Format = 1;
    private readonly StoreLayout _layout = new(environment);

    public string Path => System.IO.Path.Combine(_layout.Home.Path, "credentials.json");

    /// <summary>The token of a registry, as the last source after its own variables and files; null if there is none.</summary>
    /// <exception cref="CredentialsException">The file is damaged.</exception>
    public string? Find(string registry) => Read().GetValueOrDefault(registry);

    /// <summary>The registries that have a token here.</summary>
    public IReadOnlyCollection<string> Registries => Read().Keys;

    /// <exception cref="CredentialsException">The file is damaged, or cannot be written.</exception>
    public Task SaveAsync(string registry, string token, CancellationToken cancellationToken) => ChangeAsync(tokens => tokens[registry] = token, cancellationToken);

    /// <returns>False if there was none.</returns>
    /// <exception cref="CredentialsException">The file is damaged, or cannot be written.</exception>
    public async Task<bool> RemoveAsync(string registry, CancellationToken cancellationToken)
    {
        var removed = false;
        if (Find(registry) is not null)
            await ChangeAsync(tokens => removed = tokens.Remove(registry), cancellationToken);
        return removed;
    }

    private async Task ChangeAsync(Action<SortedDictionary<string, string>> change, CancellationToken cancellationToken)
    {
        // Two programs that sign in at once must not lose each other's token.
        using var alone = await FileLock.AcquireAsync(_layout.Home, System.IO.Path.Combine(_layout.Home.Path, "locks", "credentials.lock"),
            shared: false, environment.Clock, onWait: null, cancellationToken);
        var tokens = Read();
        change(tokens);
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteStartObject("tokens");
            foreach (var (name, token) in tokens)
                json.WriteString(name, token);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        PrivateFile.Write(Path, Encoding.UTF8.GetString(bytes.ToArray()));
    }

    private SortedDictionary<string, string> Read()
    {
        var tokens = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (PrivateFile.Read(Path) is not { } text)
            return tokens;
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.GetProperty("format").GetInt32() != Format)
                throw new CredentialsException(Path, "was written by a later gpux");
            foreach (var token in json.RootElement.GetProperty("tokens").EnumerateObject())
                tokens[token.Name] = token.Value.GetString() is { Length: > 0 } value ? value : throw new FormatException();
            return tokens;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Without the parser's message, which may quote a token.
            throw new CredentialsException(Path, "is damaged");
        }
    }
}
