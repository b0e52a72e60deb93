using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gpux.Registries.HuggingFace;
using Gpux.Registries.Http;

namespace Gpux.Registries.Credentials;

/// <summary>Whom the Hub takes a token for.</summary>
/// <param name="TokenName">What the token was called when it was made; null where the Hub does not say.</param>
/// <param name="Role">Such as "read", "write" or "fineGrained"; null where the Hub does not say.</param>
public sealed record HubAccount(string Name, string? TokenName, string? Role);

/// <summary>The Hub's access token, where its own tools keep it.</summary>
/// <remarks>Source: files of huggingface_hub 1.x: token (the token in use) and stored_tokens (all by name, an INI file).</remarks>
public sealed class HubCredentials(RegistryEnvironment environment)
{
    private const string Key = "hf_token";
    private const int AnswerLimitBytes = 1 << 20;

    public string TokenFile => HubSettings.TokenFile(environment);

    /// <summary>Where the token in use comes from: a variable's name or a file; null if there is none.</summary>
    public string? Origin => HubSettings.FindToken(environment)?.Origin;

    /// <summary>Asks the Hub whom the token in use belongs to; null if there is none.</summary>
    public async Task<HubAccount?> WhoAmIAsync(CancellationToken cancellationToken) =>
        HubSettings.FindToken(environment) is { } found ? await WhoAmIAsync(found.Token, cancellationToken) : null;

    /// <summary>Asks the Hub whom a token belongs to.</summary>
    /// <exception cref="AccessDeniedException">Nobody.</exception>
    /// <exception cref="OfflineException">A variable forbids requests.</exception>
    /// <exception cref="RegistryUnreachableException">The Hub does not answer.</exception>
    public async Task<HubAccount> WhoAmIAsync(string token, CancellationToken cancellationToken)
    {
        var settings = HubSettings.Read(environment);
        if (settings.OfflineVariable is { } variable)
            throw new OfflineException("The account of the Hub's token", variable);
        var address = new Uri($"{settings.Endpoint}/api/whoami-v2");
        var http = new RegistryHttp(environment, HubSettings.HubTitle, address, new AuthenticationHeaderValue("Bearer", token));
        try
        {
            using var reply = await http.GetAsync(address, default, cancellationToken);
            if (reply.Response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                throw new AccessDeniedException("The Hub does not know this access token.", $"Make one at {settings.Endpoint}/settings/tokens and sign in with it: gpux login.");
            if (!reply.Response.IsSuccessStatusCode)
                throw new UnexpectedReplyException(HubSettings.HubTitle, reply.Address, $"status {(int)reply.Response.StatusCode}.");
            return ReadAccount(await http.ReadAsync(reply, AnswerLimitBytes, cancellationToken), reply.Address);
        }
        catch (TransferInterruptedException interrupted)
        {
            throw interrupted.IfItLasts;
        }
    }

    /// <summary>Makes a token the one in use.</summary>
    /// <param name="name">By which the Hub's own tools list it.</param>
    /// <exception cref="CredentialsException">A file cannot be written.</exception>
    public void Save(string token, string name)
    {
        var stored = ReadStored();
        stored.RemoveAll(section => section.Name == name);
        stored.Add(new Section(name, [$"{Key} = {token}"]));
        WriteStored(stored);
        PrivateFile.Write(TokenFile, token);
    }

    /// <summary>Deletes the token in use, if it comes from the file.</summary>
    /// <returns>False if there was none.</returns>
    /// <exception cref="CredentialsException">A file cannot be written.</exception>
    public bool Remove()
    {
        if (PrivateFile.Read(TokenFile)?.Trim() is not { Length: > 0 } token)
            return false;
        var stored = ReadStored();
        if (stored.RemoveAll(section => section.Lines.Any(line => IsToken(line, token))) > 0)
            WriteStored(stored);
        try
        {
            File.Delete(TokenFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CredentialsException(TokenFile, $"cannot be deleted: {exception.Message}", exception);
        }
        return true;
    }

    private string StoredFile => Path.Combine(Path.GetDirectoryName(TokenFile)!, "stored_tokens"); // a file of a folder

    private static bool IsToken(string line, string token)
    {
        var sign = line.IndexOf('=');
        return sign > 0 && line.AsSpan(0, sign).Trim().SequenceEqual(Key) && line.AsSpan(sign + 1).Trim().SequenceEqual(token);
    }

    // What stands in sections that are not touched is written back as it was.
    private List<Section> ReadStored()
    {
        var sections = new List<Section>();
        foreach (var line in (PrivateFile.Read(StoredFile) ?? "").Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line.StartsWith('[') && line.TrimEnd().EndsWith(']'))
                sections.Add(new Section(line.Trim()[1..^1], []));
            else if (line.Trim().Length > 0 && sections.Count > 0)
                sections[^1].Lines.Add(line);
        }
        return sections;
    }

    private void WriteStored(List<Section> sections)
    {
        var text = new StringBuilder();
        foreach (var section in sections)
        {
            text.Append($"[{section.Name}]\n");
            foreach (var line in section.Lines)
                text.Append(line).Append('\n');
            text.Append('\n');
        }
        PrivateFile.Write(StoredFile, text.ToString());
    }

    private static HubAccount ReadAccount(byte[] body, string address)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var name = json.RootElement.GetProperty("name").GetString();
            JsonElement token = default;
            if (json.RootElement.TryGetProperty("auth", out var auth) && auth.ValueKind == JsonValueKind.Object)
                auth.TryGetProperty("accessToken", out token);
            return new HubAccount(Printable.Text(name ?? ""), Text(token, "displayName"), Text(token, "role"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UnexpectedReplyException(HubSettings.HubTitle, address, "it names no account.", exception);
        }
    }

    // A section's name is one line without brackets.
    private static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && Printable.Text(value.GetString()!).Replace('[', '(').Replace(']', ')').Trim() is { Length: > 0 } text ? text : null; // a string

    private sealed record Section(string Name, List<string> Lines);
}
