using System.CommandLine;
using System.Diagnostics;
using Gpux.Benchmarks.Measurement;

namespace Gpux.Cli.Commands.Benchmarks;

/// <summary>What gpux bench starts: measures what one line on standard input says, and ends with it.</summary>
internal sealed class BenchLaunchCommand : GpuxCommand
{
    // For the model to come to the end of what it is at.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public BenchLaunchCommand(Services services) : base(services, "launch", "Measure one launch, for gpux bench.") => Hidden = true;

    /// <summary>This program, measuring.</summary>
    public static LaunchProgram Program()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which program this is.");
        // Without an executable of its own the program is an argument of dotnet.
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? new LaunchProgram(program, [Environment.GetCommandLineArgs()[0], "bench", "launch", "--json"])
            : new LaunchProgram(program, ["bench", "launch", "--json"]);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var request = await Console.In.ReadLineAsync(cancellationToken) ?? "";
        new Thread(() => EndWithInput(wanted)) { IsBackground = true, Name = "standard input" }.Start();
        var report = await new Launch(Services.Library, Services.Project, TimeProvider.System).MeasureAsync(request, wanted.Token);
        Terminal.Output.WriteLine(report);
        return ExitCode.Done;
    }

    // Standard input is open for as long as somebody wants the answer.
    private static void EndWithInput(CancellationTokenSource wanted)
    {
        while (Console.In.ReadLine() is not null)
        {
        }
        wanted.Cancel();
        Thread.Sleep(Grace);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
