using System.CommandLine;
using Gpux.Registries;
using Gpux.Registries.Credentials;

namespace Gpux.Cli.Commands;

internal sealed class LogoutCommand : GpuxCommand
{
    public const string Summary = "Forget the access token of a registry.";

    private readonly Argument<string> _registry = LoginCommand.RegistryArgument();

    public LogoutCommand(Services services) : base(services, "logout", Summary, "gpux logout", "gpux logout wandb") => Add(_registry);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var registry = LoginCommand.Registry(parsed.GetRequiredValue(_registry));
        using var environment = new RegistryEnvironment();
        var removed = registry.Name == ModelReference.HuggingFace ? new HubCredentials(environment).Remove()
            : await new CredentialFile(environment).RemoveAsync(registry.Name, cancellationToken);
        if (registry.TokenVariables.FirstOrDefault(variable => environment.Variable(variable) is not null) is { } set)
            Terminal.Note($"note: {set} is still set, and is used.");
        Terminal.Print(
            output => output.WriteLine(removed ? $"The token for {registry.Name} is forgotten." : $"No token for {registry.Name} was kept."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("registry", registry.Name);
                json.WriteBoolean("removed", removed);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
