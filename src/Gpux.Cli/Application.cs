using System.CommandLine;
using System.CommandLine.Help;
using Gpux.Cli.Commands;
using Gpux.Cli.Commands.Benchmarks;
using Gpux.Cli.Commands.Database;
using Gpux.Cli.Terminals;
using Gpux.Registries.Download;

namespace Gpux.Cli;

/// <summary>Composes the program: one line for each command.</summary>
internal static class Application
{
    /// <summary>Every command. Each is made only when it is named, because a run must start fast.</summary>
    private static readonly Entry[] Commands =
    [
        new("run", services => new RunCommand(services)),
        new("embed", services => new EmbedCommand(services)),
        new("similar", services => new SimilarCommand(services)),
        new("pull", services => new PullCommand(services)),
        new("search", services => new SearchCommand(services)),
        new("compare", services => new CompareCommand(services)),
        new("init", services => new InitCommand(services)),
        new("list", services => new ListCommand(services)),
        new("info", services => new InfoCommand(services)),
        new("remove", services => new RemoveCommand(services)),
        new("df", services => new DfCommand(services)),
        new("prune", services => new PruneCommand(services)),
        new("verify-store", services => new VerifyStoreCommand(services)),
        new("outdated", services => new OutdatedCommand(services)),
        new("update", services => new UpdateCommand(services)),
        new("lock", services => new LockCommand(services)),
        new("bundle", services => new BundleCommand(services)),
        new("login", services => new LoginCommand(services)),
        new("logout", services => new LogoutCommand(services)),
        new("whoami", services => new WhoamiCommand(services)),
        new("registries", services => new RegistriesCommand(services)),
        new("convert", services => new ConvertCommand(services)),
        new("export", services => new ExportCommand(services)),
        new("metadata", services => new MetadataCommand(services)),
        new("verify", services => new VerifyCommand(services)),
        new("tokenize", services => new TokenizeCommand(services)),
        new("preprocess", services => new PreprocessCommand(services)),
        new("bench", services => new BenchCommand(services)),
        new("recommend", services => new RecommendCommand(services)),
        new("db", services => new DatabaseCommand(services)),
        new("plan-training", services => new PlanTrainingCommand(services)),
        new("devices", services => new DevicesCommand(services)),
        new("completion", services => new CompletionCommand(services)),
        new("version", services => new VersionCommand(services)),
    ];

    // A text that begins with @ is a text, not the name of a file with arguments.
    internal static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>What an interrupt does while a command has a use of its own for it; null: it ends the program.</summary>
    public static ConsoleCancelEventHandler? Interrupt { get; set; }

    public static async Task<int> RunAsync(string[] arguments)
    {
        using var terminal = Terminal.ForProcess();
        using var services = new Services(terminal);
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (sender, key) =>
        {
            if (Interrupt is { } handler)
            {
                handler(sender, key);
                return;
            }
            // The command ends in order: partial downloads are kept, temporary files are removed.
            key.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        };
        var debug = arguments.Contains("--debug");
        try
        {
            arguments = arguments switch
            {
                [] => ["--help"], // without a word, what there is to say
                ["--version", .. var rest] => ["version", .. rest], // as docker and ollama have it
                _ => arguments,
            };
            var parsed = Build(services, arguments).Parse(arguments, Parsing);
            if (parsed.Errors.Count > 0)
                return Refuse(terminal, parsed);
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // interrupts are handled above
                Output = terminal.Output,
                Error = terminal.Error,
            }, interrupted.Token);
        }
        catch (OperationCanceledException cancelled) when (interrupted.IsCancellationRequested)
        {
            terminal.Note(cancelled is DownloadCancelledException kept ? $"Interrupted. {kept.Message}" : "Interrupted.");
            return ExitCode.Cancelled;
        }
        catch (GpuxException exception)
        {
            Report(terminal, exception, debug);
            return exception is UsageException ? ExitCode.WrongUsage : ExitCode.Failed;
        }
        catch (Exception exception) when (!debug)
        {
            terminal.Note($"{terminal.Red("error")} GPUX{(int)ErrorCode.Fault}: {exception.GetType().Name}: {TerminalText.SafeLines(exception.Message)}");
            terminal.Note("  This is a fault of gpux. Run again with --debug and report what it prints.");
            return ExitCode.Failed;
        }
    }

    internal static RootCommand Build(Services services, string[] arguments)
    {
        var root = new RootCommand("GPUX takes a machine-learning model from where it is published to an answer: pull, convert, run.");
        foreach (var version in root.Options.OfType<VersionOption>())
            version.Description = VersionCommand.Summary;
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new HelpText(services.Terminal);
        root.Add(new Option<bool>("--debug") { Description = "Show stack traces of errors.", Recursive = true });
        var named = arguments.FirstOrDefault(argument => !argument.StartsWith('-') && !argument.StartsWith('['));
        foreach (var (name, make) in Commands)
        {
            // Help, completion and mistakes need to know all commands; a command that is named needs itself alone.
            if (named == name || !Commands.Any(command => command.Name == named))
                root.Add(make(services));
        }
        return root;
    }

    private static int Refuse(Terminal terminal, ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand)
        {
            var word = parsed.UnmatchedTokens is [var first, ..] ? first : "";
            terminal.Note($"{terminal.Red("error")} GPUX{(int)ErrorCode.Usage}: '{TerminalText.Safe(word)}' is no command of gpux.");
            var close = Commands.Where(command => word.Length > 0 && (command.Name[0] == word[0] || command.Name.Contains(word, StringComparison.Ordinal))).Select(command => command.Name);
            terminal.Note($"  Commands are: {string.Join(", ", close.DefaultIfEmpty(string.Join(", ", Commands.Select(command => command.Name))))}. See: gpux --help");
            return ExitCode.WrongUsage;
        }
        foreach (var error in parsed.Errors)
            terminal.Note($"{terminal.Red("error")} GPUX{(int)ErrorCode.Usage}: {TerminalText.SafeLines(error.Message)}");
        terminal.Note($"  See: gpux {HelpText.FullName(parsed.CommandResult.Command)} --help");
        return ExitCode.WrongUsage;
    }

    private static void Report(Terminal terminal, GpuxException exception, bool debug)
    {
        terminal.ClearProgress();
        if (terminal.Json)
        {
            terminal.Note(Terminal.ToJson(json =>
            {
                json.WriteStartObject();
                ErrorJson.Write(json, exception);
                json.WriteEndObject();
            }));
            return;
        }
        terminal.Note($"{terminal.Red("error")} GPUX{(int)exception.Code}: {TerminalText.SafeLines(exception.Message)}");
        terminal.Note($"  {TerminalText.SafeLines(exception.Remedy)}");
        if (debug)
            terminal.Note(exception.ToString());
    }

    private sealed record Entry(string Name, Func<Services, Command> Make);
}
