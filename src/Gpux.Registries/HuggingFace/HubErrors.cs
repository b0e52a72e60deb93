using System.Globalization;
using System.Net;
using Gpux.Registries.Http;

namespace Gpux.Registries.HuggingFace;

/// <summary>What the Hub's refusals mean.</summary>
/// <remarks>Source: headers X-Error-Code and X-Error-Message as huggingface_hub 1.x reads them.</remarks>
internal static class HubErrors
{
    /// <param name="commit">The commit of a request for <paramref name="path"/>.</param>
    /// <param name="body">The reply's body, which carries the message where no header does.</param>
    public static Exception Of(
        HttpReply reply, HubSettings settings, ModelReference model, string? commit, string? path, bool tokenWasSent,
        ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var message = (reply.Header("X-Error-Message") ?? RegistryErrors.Message(body)) is { } text ? Printable.Text(text) : null;
        var detail = message is null ? "." : $": {message}";
        var page = new Uri($"{settings.Endpoint}/{model.Name}");
        switch (reply.Response.StatusCode, reply.Header("X-Error-Code"))
        {
            case (_, "GatedRepo"):
                return new GatedModelException(model.Name, page, settings.CredentialVariable, tokenWasSent);
            case (HttpStatusCode.NotFound, "RevisionNotFound"):
                return new RevisionNotFoundException(model);
            case (HttpStatusCode.NotFound, var code) when path is not null && commit is not null
                && (code == "EntryNotFound" || (code is null && reply.Header("X-Repo-Commit") is not null)):
                return new FileNotInModelException(new ModelManifest(model, commit, []), path)
                {
                    IsLasting = reply.Header("X-Repo-Commit") is not null,
                };
            case (HttpStatusCode.Unauthorized, _) when message == "Invalid credentials in Authorization header":
                return new AccessDeniedException("The Hub refuses this access token.",
                    $"Correct {settings.CredentialVariable}, or unset it: public models need no token.");
            // The Hub says 401, not 404, of a model that is private or misspelt, so as not to reveal which.
            case (HttpStatusCode.Unauthorized or HttpStatusCode.NotFound or HttpStatusCode.Gone, _):
                return NotFound(settings, model, tokenWasSent);
            case (HttpStatusCode.UnavailableForLegalReasons, _):
                return new ModelDisabledException(model.Name, message);
            case (HttpStatusCode.Forbidden, _) when message == "Access to this resource is disabled.":
                return new ModelDisabledException(model.Name, reason: null);
            case (HttpStatusCode.Forbidden, _):
                return new AccessDeniedException($"The Hub refuses access to {model.Name}{detail}",
                    "Use a token that may read this repository (a fine-grained token lists its repositories).");
            case (HttpStatusCode.TooManyRequests, _):
                var wait = Wait(reply, now);
                return new TransferInterruptedException(new RateLimitedException(settings.Title, wait, tokenWasSent
                    ? "Wait, or spread the downloads over time."
                    : $"Wait, or set {settings.CredentialVariable}: signed-in users may ask more."), wait);
            case (HttpStatusCode.RequestTimeout, _):
            case (>= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented, _):
                return new TransferInterruptedException(new RegistryUnreachableException(settings.Title,
                    $"it answers {(int)reply.Response.StatusCode}{detail}"), Wait(reply, now));
            default:
                return new UnexpectedReplyException(settings.Title, reply.Address,
                    $"status {(int)reply.Response.StatusCode}{detail}");
        }
    }

    private static ModelNotFoundException NotFound(HubSettings settings, ModelReference model, bool tokenWasSent) => new(model.ToString(),
        tokenWasSent
            ? $"The Hub has no model '{model.Name}', or this token may not see it, and there is no folder of that name here."
            : $"The Hub has no model '{model.Name}', or it is private, and there is no folder of that name here.",
        tokenWasSent
            ? "Check the spelling, and that the token belongs to an account which may read the model."
            : $"Check the spelling. For a private model set {settings.CredentialVariable} to an access token.");

    // RateLimit: "resolvers";r=0;t=120 (nothing left, 120 s to the next window) comes before Retry-After, which may be a date.
    private static TimeSpan? Wait(HttpReply reply, DateTimeOffset now)
    {
        if (reply.Header("RateLimit") is { } limit && Field(limit, "r") == 0 && Field(limit, "t") is { } reset)
            return TimeSpan.FromSeconds(reset);
        return RegistryErrors.RetryAfter(reply, now);
    }

    private static long? Field(string header, string name)
    {
        foreach (var range in header.AsSpan().Split(';'))
        {
            var field = header.AsSpan()[range].Trim();
            if (field.StartsWith(name) && field.Length > name.Length && field[name.Length] == '='
                && long.TryParse(field[(name.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                && value <= int.MaxValue)
                return value;
        }
        return null;
    }
}
