using System.CommandLine;
using Gpux.Registries.Configuration;

namespace Gpux.Cli.Commands;

internal sealed class RegistriesAddCommand : GpuxCommand
{
    private const string Summary = "Add a registry of your own to registries.yml.";

    private readonly Argument<string> _name = new("name") { Description = "What stands before the colon: small letters, digits and '-'." };
    private readonly Option<string> _kind = new("--kind") { Description = "huggingface, mlflow, wandb, s3, web or local.", Required = true };
    private readonly Option<string> _url = new("--url") { Description = "Its web address; a folder for local.", Required = true };
    private readonly Option<string?> _description = new("--description") { Description = "For people, in a few words." };
    private readonly Option<string?> _token = new("--token-variable") { Description = "The environment variable that holds its token." };
    private readonly Option<string?> _username = new("--username-variable") { Description = "The variable that holds a user's name." };
    private readonly Option<string?> _password = new("--password-variable") { Description = "The variable that holds the password." };
    private readonly Option<string?> _accessKey = new("--access-key-variable") { Description = "The variable that holds a storage's access key." };
    private readonly Option<string?> _secretKey = new("--secret-key-variable") { Description = "The variable that holds its secret key." };
    private readonly Option<string?> _region = new("--region") { Description = "The storage's region; us-east-1 unless stated." };
    private readonly Option<string?> _ca = new("--ca") { Description = "A PEM file with the authorities to trust." };
    private readonly Option<string?> _clientCertificate = new("--client-certificate") { Description = "A PEM file with a certificate and its key." };

    public RegistriesAddCommand(Services services) : base(services, "add", Summary,
        "gpux registries add corp --kind huggingface --url https://models.example --token-variable CORP_TOKEN",
        "gpux registries add shelf --kind local --url /srv/models")
    {
        Add(_name);
        foreach (var option in (Option[])
            [_kind, _url, _description, _token, _username, _password, _accessKey, _secretKey, _region, _ca, _clientCertificate])
            Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = new RegistriesFile(Services.Environment);
        var registry = new RegistryConfiguration(parsed.GetRequiredValue(_name), parsed.GetRequiredValue(_kind))
        {
            // A path means what it means here, not beside the file.
            Url = parsed.GetRequiredValue(_kind) == "local" ? Path.GetFullPath(parsed.GetRequiredValue(_url)) : parsed.GetRequiredValue(_url),
            Description = parsed.GetValue(_description),
            TokenVariable = parsed.GetValue(_token),
            UsernameVariable = parsed.GetValue(_username),
            PasswordVariable = parsed.GetValue(_password),
            AccessKeyVariable = parsed.GetValue(_accessKey),
            SecretKeyVariable = parsed.GetValue(_secretKey),
            Region = parsed.GetValue(_region),
            Ca = parsed.GetValue(_ca) is { } ca ? Path.GetFullPath(ca) : null,
            ClientCertificate = parsed.GetValue(_clientCertificate) is { } certificate ? Path.GetFullPath(certificate) : null,
        };
        await file.AddAsync(registry, cancellationToken);
        Terminal.Print(
            output => output.WriteLine($"Added {registry.Name} to {file.FilePath}. Its models are written {registry.Name}:name."),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("name", registry.Name);
                json.WriteString("file", file.FilePath);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
