using System.Net.Http.Headers;
using System.Text;

namespace Gpux.Registries.Http;

/// <summary>Makes Authorization headers of what users keep.</summary>
internal static class HttpCredential
{
    public static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    /// <param name="origin">Where the user keeps the token, such as a variable.</param>
    /// <exception cref="AccessDeniedException">It cannot be a token.</exception>
    public static AuthenticationHeaderValue Bearer(string token, string origin) =>
        token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw new AccessDeniedException($"The token in {origin} contains characters that no token has.", $"Set {origin} to the token alone.")
            : new AuthenticationHeaderValue("Bearer", token);
}
