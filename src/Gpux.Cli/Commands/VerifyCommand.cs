using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Conversion.Verification;
using Gpux.Models;
using Gpux.Models.Verification;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class VerifyCommand : GpuxCommand
{
    public const string Summary = "Prove a conversion: compare every output with what the original framework recorded.";

    private readonly Argument<string?> _model = new("model")
    {
        Description = "The model to compare with --reference; default: the repository that lies beside the recording.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string> _reference = new("--reference") { Description = "The folder of one recording (docs/formats/reference-recording.md)." };
    private readonly Option<string> _corpus = new("--corpus") { Description = "A folder of recordings, AREA/NAME each." };
    private readonly Option<string[]> _filter = new("--filter") { Description = "With --corpus: only recordings whose AREA/NAME matches, such as 'models/bert*'. Repeatable." };

    public VerifyCommand(Services services) : base(services, "verify", Summary,
        "gpux verify samples/language-id --reference samples/recordings/language-id", "gpux verify --corpus recordings --filter 'models/bert*' --json")
    {
        Add(_model);
        Add(_reference);
        Add(_corpus);
        Add(_filter);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (reference, corpus) = (parsed.GetValue(_reference), parsed.GetValue(_corpus));
        if (reference is null == corpus is null)
            throw new UsageException("Either --reference or --corpus is needed.", "Name the folder of one recording with --reference, or a folder of many with --corpus.");
        return corpus is not null ? VerifyCorpus(corpus, parsed.GetValue(_filter) ?? [], cancellationToken)
            : await VerifyOneAsync(parsed.GetValue(_model), reference!, cancellationToken); // one of the two is given
    }

    private async Task<int> VerifyOneAsync(string? model, string folder, CancellationToken cancellationToken)
    {
        var recording = Recording.Load(folder);
        if (model is null && !Directory.Exists(recording.RepositoryFolder) && recording.Runs.Count > 0)
            throw new UsageException($"No repository lies beside the recording '{folder}'.", $"Name the model that was recorded: gpux verify MODEL --reference {ShellWord.Of(folder)}");
        var files = model is null ? null
            : (await Services.Library.FetchAsync(Services.Reference(model), new PrepareOptions(Lookup.PreferStore), Terminal.Progress, cancellationToken)).Files;
        var result = Judges.Judge(recording, files);
        Terminal.Print(
            output =>
            {
                if (result.Outputs.Count > 0)
                {
                    var table = new Table("run", "output", "max abs", "max rel", "within").AlignRight(2, 3);
                    foreach (var item in result.Outputs)
                        table.Row(item.Run, item.Output, Number(item.Comparison.MaxAbs), Number(item.Comparison.MaxRel),
                            item.Comparison.Within ? Terminal.Green("yes") : Terminal.Red($"no {item.Comparison.Problem}"));
                    table.Write(Terminal, output);
                }
                output.WriteLine($"{result.Case}: {Word(result.Verdict)}{(result.Reason is null ? "" : $" ({result.Reason})")}");
            },
            json => WriteCase(json, result, everyOutput: true));
        return result.Verdict == Verdict.Passed ? ExitCode.Done : ExitCode.Failed;
    }

    private int VerifyCorpus(string corpus, string[] filters, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(corpus))
            throw new InvalidRecordingException(corpus, "there is no such folder");
        string[] folders = [.. Judges.Find(corpus, filters)];
        if (folders.Length == 0)
            throw new InvalidRecordingException(corpus, filters.Length == 0 ? "no case.json lies below it" : "no recording below it matches the filter");
        var results = new CaseResult[folders.Length];
        var done = 0;
        // Many small models: each runs on one of the cores, more or less.
        Parallel.For(0, folders.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, i =>
        {
            results[i] = Judges.Judge(folders[i]);
            Terminal.Progress?.Report(new Progress("Verifying", null, Interlocked.Increment(ref done), folders.Length, ProgressUnit.Items));
        });
        int Count(Verdict verdict) => results.Count(result => result.Verdict == verdict);
        Terminal.Print(
            output =>
            {
                foreach (var result in results.Where(result => result.Verdict == Verdict.Passed))
                    output.WriteLine($"{Terminal.Green("passed")}       {result.Case}{Worst(result)}");
                foreach (var result in results.Where(result => result.Verdict == Verdict.Unsupported))
                    output.WriteLine($"{Terminal.Dim("unsupported")}  {result.Case}: {result.Reason}");
                foreach (var result in results.Where(result => result.Verdict == Verdict.Failed))
                    output.WriteLine($"{Terminal.Red("failed")}       {result.Case}: {result.Reason}");
                output.WriteLine($"{Count(Verdict.Passed)} passed, {Count(Verdict.Failed)} failed, {Count(Verdict.Unsupported)} unsupported");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteNumber("passed", Count(Verdict.Passed));
                json.WriteNumber("failed", Count(Verdict.Failed));
                json.WriteNumber("unsupported", Count(Verdict.Unsupported));
                json.WriteStartArray("cases");
                foreach (var result in results)
                    WriteCase(json, result, everyOutput: false);
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return Count(Verdict.Failed) == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteCase(Utf8JsonWriter json, CaseResult result, bool everyOutput)
    {
        json.WriteStartObject();
        json.WriteString("case", result.Case);
        json.WriteString("status", Word(result.Verdict));
        if (result.Worst is { } worst)
        {
            json.WritePropertyName("worst");
            WriteOutput(json, worst, withVerdict: false);
        }
        if (result.Reason is not null)
            json.WriteString("reason", result.Reason);
        if (everyOutput)
        {
            json.WriteStartArray("outputs");
            foreach (var output in result.Outputs)
                WriteOutput(json, output, withVerdict: true);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter json, OutputResult output, bool withVerdict)
    {
        json.WriteStartObject();
        json.WriteString("run", output.Run);
        json.WriteString("output", output.Output);
        WriteNumber(json, "maxAbs", output.Comparison.MaxAbs);
        WriteNumber(json, "maxRel", output.Comparison.MaxRel);
        if (withVerdict)
            json.WriteBoolean("within", output.Comparison.Within);
        json.WriteEndObject();
    }

    // JSON has no number for what is not one.
    private static void WriteNumber(Utf8JsonWriter json, string name, double number)
    {
        if (double.IsFinite(number))
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    private static string Worst(CaseResult result) => result.Worst is { } worst
        ? $"  max abs {Number(worst.Comparison.MaxAbs)} ({worst.Run}/{worst.Output})" : "";

    private static string Number(double number) => double.IsFinite(number) ? number.ToString("0.0e-00", CultureInfo.InvariantCulture) : "-";

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "passed",
        Verdict.Failed => "failed",
        _ => "unsupported",
    };
}
