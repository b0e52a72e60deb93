using System.CommandLine;
using System.Runtime.InteropServices;

namespace Gpux.Cli.Commands;

internal sealed class VersionCommand(Services services) : GpuxCommand(services, "version", Summary, "gpux version", "gpux version --json")
{
    public const string Summary = "Print the version of GPUX.";

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var version = typeof(VersionCommand).Assembly.GetName().Version!.ToString(3); // the build sets one
        Terminal.Print(
            output => output.WriteLine($"gpux {version}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("version", version);
                json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
                json.WriteString("platform", RuntimeInformation.RuntimeIdentifier);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
