using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Registries;
using Gpux.Registries.Credentials;

namespace Gpux.Cli.Commands;

internal sealed class WhoamiCommand(Services services) : GpuxCommand(services, "whoami", Summary, "gpux whoami", "gpux whoami --json")
{
    public const string Summary = "Show which registries have an access token, where it comes from, and the Hub's account.";

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var environment = new RegistryEnvironment();
        var rows = new List<(string Registry, string? Origin, HubAccount? Account, string? Problem)>();
        foreach (var entry in RegistryCatalog.All.Where(entry => !entry.IsOnThisMachine))
            rows.Add(await DescribeAsync(entry, environment, cancellationToken));
        Terminal.Print(
            output =>
            {
                var table = new Table("registry", "token from", "account");
                foreach (var (registry, origin, account, problem) in rows)
                    table.Row(registry, origin ?? "none", problem ?? (account is null ? "" : $"{account.Name}{(account.Role is { } role ? $" ({role})" : "")}"));
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var (registry, origin, account, problem) in rows)
                {
                    json.WriteStartObject();
                    json.WriteString("registry", registry);
                    json.WriteString("token_from", origin);
                    json.WriteString("account", account?.Name);
                    json.WriteString("token_name", account?.TokenName);
                    json.WriteString("role", account?.Role);
                    json.WriteString("problem", problem);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private static async Task<(string, string?, HubAccount?, string?)> DescribeAsync(
        RegistryEntry entry, RegistryEnvironment environment, CancellationToken cancellationToken)
    {
        if (entry.Name != ModelReference.HuggingFace)
        {
            var file = new CredentialFile(environment);
            return (entry.Name, entry.TokenVariables.FirstOrDefault(variable => environment.Variable(variable) is not null)
                ?? (file.Find(entry.Name) is null ? null : file.Path), null, null);
        }
        var hub = new HubCredentials(environment);
        try
        {
            return (entry.Name, hub.Origin, await hub.WhoAmIAsync(cancellationToken), null);
        }
        catch (GpuxException exception) when (exception is OfflineException or RegistryUnreachableException or AccessDeniedException or UnexpectedReplyException)
        {
            return (entry.Name, hub.Origin, null, exception.Message); // where the token comes from is known all the same
        }
    }
}
