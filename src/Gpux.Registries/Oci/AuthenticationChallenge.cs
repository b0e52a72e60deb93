using System.Text;

namespace Gpux.Registries.Oci;

/// <summary>What a registry wants before it answers: the header WWW-Authenticate.</summary>
/// <remarks>Source: RFC 9110, section 11.6.1; the token specification of the distribution project.</remarks>
/// <param name="IsBearer">Whether a token of <see cref="Realm"/> is wanted; else the user and password themselves.</param>
internal sealed record AuthenticationChallenge(bool IsBearer, string? Realm, string? Service, string? Scope)
{
    private const int LimitCharacters = 1 << 13;

    /// <returns>Null where neither Bearer nor Basic is among the schemes.</returns>
    public static AuthenticationChallenge? Parse(string header)
    {
        if (header.Length > LimitCharacters)
            return null;
        AuthenticationChallenge? basic = null;
        var at = 0;
        while (Token(header, ref at) is { } scheme)
        {
            var parameters = Parameters(header, ref at);
            if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
                return new(IsBearer: true, parameters.GetValueOrDefault("realm"), parameters.GetValueOrDefault("service"),
                    parameters.GetValueOrDefault("scope"));
            if (scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
                basic = new(IsBearer: false, parameters.GetValueOrDefault("realm"), Service: null, Scope: null);
        }
        return basic;
    }

    // name="value" or name=value, with commas between. A word that no '=' follows is the next scheme.
    private static Dictionary<string, string> Parameters(string text, ref int at)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            var before = at;
            if (Token(text, ref at) is not { } name || at >= text.Length || text[at] != '=')
            {
                at = before;
                return parameters;
            }
            at++;
            parameters[name] = at < text.Length && text[at] == '"' ? Quoted(text, ref at) : Token(text, ref at) ?? "";
        }
    }

    private static string? Token(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or ',')
            at++;
        var start = at;
        while (at < text.Length && text[at] is not (' ' or '\t' or ',' or '=' or '"'))
            at++;
        return at > start ? text[start..at] : null;
    }

    private static string Quoted(string text, ref int at)
    {
        var value = new StringBuilder();
        for (at++; at < text.Length && text[at] != '"'; at++)
            value.Append(text[at] == '\\' && at + 1 < text.Length ? text[++at] : text[at]);
        at++;
        return value.ToString();
    }
}

/// <summary>A request was answered by a challenge. Never leaves the registry's code.</summary>
/// <param name="said">What the registry says beside it; null for nothing.</param>
internal sealed class ChallengedException(AuthenticationChallenge challenge, string? said) : Exception(said)
{
    public AuthenticationChallenge Challenge { get; } = challenge;
    public string? Said { get; } = said;
}
