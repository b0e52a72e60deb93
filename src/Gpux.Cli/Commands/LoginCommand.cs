using System.CommandLine;
using System.Text;
using Gpux.Registries;
using Gpux.Registries.Credentials;

namespace Gpux.Cli.Commands;

internal sealed class LoginCommand : GpuxCommand
{
    public const string Summary = "Keep an access token for a registry.";
    private const string UnnamedToken = "gpux";

    private readonly Argument<string> _registry = RegistryArgument();
    private readonly Option<bool> _fromInput = new("--token-stdin") { Description = "Read the token from standard input." };
    private readonly Option<string> _token = new("--token") { Description = "The token itself; other users of the machine may see it while the command runs." };
    private readonly Option<bool> _noCheck = new("--no-check") { Description = "Do not ask the Hub whether it knows the token." };

    public LoginCommand(Services services) : base(services, "login", Summary, "gpux login", "gpux login --token-stdin < token.txt", "gpux login wandb --token-stdin")
    {
        Add(_registry);
        foreach (var option in (Option[])[_fromInput, _token, _noCheck])
            Add(option);
    }

    internal static Argument<string> RegistryArgument() => new("registry")
    {
        Description = "One of gpux registries; default: hf, the Hugging Face Hub.", DefaultValueFactory = _ => ModelReference.HuggingFace,
    };

    /// <exception cref="UsageException">It is unknown, or on this machine.</exception>
    internal static RegistryEntry Registry(string name)
    {
        var entry = RegistryCatalog.All.FirstOrDefault(entry => entry.Name == name)
            ?? throw new UsageException($"No registry is named '{name}'.", $"Use one of: {string.Join(", ", RegistryCatalog.All.Where(known => !known.IsOnThisMachine).Select(known => known.Name))}.");
        return entry.IsOnThisMachine ? throw new UsageException($"{entry.Description} need no token.", "Name a registry of the network.") : entry;
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var registry = Registry(parsed.GetRequiredValue(_registry));
        using var environment = new RegistryEnvironment();
        var token = Token(parsed, registry);
        HubAccount? account = null;
        string path;
        if (registry.Name == ModelReference.HuggingFace)
        {
            var hub = new HubCredentials(environment);
            if (!parsed.GetValue(_noCheck))
                account = await hub.WhoAmIAsync(token, cancellationToken);
            hub.Save(token, account?.TokenName ?? UnnamedToken);
            path = hub.TokenFile;
        }
        else
        {
            var file = new CredentialFile(environment);
            await file.SaveAsync(registry.Name, token, cancellationToken);
            path = file.Path;
        }
        if (registry.TokenVariables.FirstOrDefault(variable => environment.Variable(variable) is not null) is { } set)
            Terminal.Note($"note: {set} is set, and wins over what was kept now.");
        Terminal.Print(
            output => output.WriteLine($"The token for {registry.Name} is kept in {path}{(account is null ? "." : $", for {account.Name}.")}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("registry", registry.Name);
                json.WriteString("file", path);
                json.WriteString("account", account?.Name);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }

    private string Token(ParseResult parsed, RegistryEntry registry)
    {
        var (given, fromInput) = (parsed.GetValue(_token), parsed.GetValue(_fromInput));
        if (given is not null && fromInput)
            throw new UsageException("There are --token and --token-stdin.", "Give one of the two.");
        var token = given ?? (fromInput ? Console.In.ReadToEnd() : Console.IsInputRedirected
            ? throw new UsageException("There is no token.", "Write --token-stdin to read it from standard input.") : Ask($"Token for {registry.Description}: "));
        token = token.Trim();
        return token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~') ? token
            : throw new UsageException(token.Length == 0 ? "The token is empty." : "The token contains characters that no token has.", "Copy it again, as one word.");
    }

    // Typed letters are not shown.
    private string Ask(string prompt)
    {
        Terminal.Error.Write(prompt);
        Terminal.Error.Flush();
        var typed = new StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
                typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }
        Terminal.Note("");
        return typed.ToString();
    }
}
