using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Runtime.Sessions;

namespace Gpux.Cli.Commands;

/// <summary>What all commands share: --json, examples in their help, and an action that may be interrupted.</summary>
internal abstract class GpuxCommand : Command
{
    private readonly Option<bool> _json = new("--json") { Description = "Print the result as JSON." };

    /// <param name="examples">Command lines, shown in the help. A test parses all of them; those that documents show too are run.</param>
    protected GpuxCommand(Services services, string name, string summary, params ReadOnlySpan<string> examples)
        : base(name, summary)
    {
        Services = services;
        Examples = [.. examples];
        Add(_json);
        SetAction(async (parsed, cancellationToken) =>
        {
            services.Terminal.Json = parsed.GetValue(_json);
            return await RunAsync(parsed, cancellationToken);
        });
    }

    public IReadOnlyList<string> Examples { get; }

    protected Services Services { get; }
    protected Terminal Terminal => Services.Terminal;

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken);

    /// <summary>Runs what opens a model, while the runtime's library is loaded beside it.</summary>
    protected static async Task<int> WithRuntimeAsync(Func<Task<int>> work)
    {
        var library = OnnxRuntimeLibrary.Preload();
        try
        {
            return await work();
        }
        finally
        {
            await library;
        }
    }

    protected static Argument<string> ModelArgument() => new("model")
    {
        Description = "org/name[@revision] of the Hugging Face Hub, a folder, samples/name, or registry:name.",
    };
}
