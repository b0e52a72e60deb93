using System.CommandLine;
using System.Text.Json;
using Gpux.Benchmarks.Measurement;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Statistics;
using Gpux.Cli.Commands.Database;
using Gpux.Conversion.Precision;
using Gpux.Models;
using Gpux.Models.Precision;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands.Benchmarks;

internal sealed class BenchCommand : GpuxCommand
{
    public const string Summary = "Measure a model on this machine: latency, throughput, memory, and how sure that is.";

    private const int MostCallers = 256;
    private const int MostLaunches = 256;
    private const double HighestRate = 100_000;

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _task = new("--task") { Description = "What the model is to do, if not what it states." };
    private readonly Option<string> _batch = new("--batch") { Description = "Rows of a request, such as 1 or 1,8. Default: 1." };
    private readonly Option<int?> _sequence = new("--sequence") { Description = "Tokens of a row. Default: 128, or as many as the model takes." };
    private readonly Option<int?> _tokens = new("--tokens") { Description = "Tokens to generate, of text-generation. Default: 64, or as many as the model takes." };
    private readonly Option<string> _precision = new("--precision") { Description = "fp32 (default), fp16, int8, or several: fp32,int8." };
    private readonly Option<string> _device = new("--device", "--provider") { Description = "An execution provider of gpux devices, such as cuda or webgpu. Default: that of gpux.yml, else cpu." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the CPU. Default: one for each core." };
    private readonly Option<string> _concurrency = new("--concurrency") { Description = "Requests at a time, such as 1 or 1,4. Default: 1." };
    private readonly Option<double?> _rate = new("--rate") { Description = "Requests a second, at random moments (open loop). Default: the next when one ends." };
    private readonly Option<string[]> _goodput = new("--goodput")
    {
        Description = "Count the requests that keep bounds: latency=50ms, or of text-generation ttft=200ms,tpot=20ms.", HelpName = "name=time",
    };
    private readonly Option<int?> _launches = new("--launches") { Description = $"Processes that measure, one after the other. Default: {LogRatio.UsualLaunches}, with --quick 1; {LogRatio.LeastValues} are the least that gpux bench compare can judge." };
    private readonly Option<double?> _duration = new("--duration") { Description = "Seconds to measure in each, at least. Default: 10; at most twelve times as long." };
    private readonly Option<bool> _quick = new("--quick") { Description = "A look of a second instead." };
    private readonly Option<bool> _strict = new("--strict") { Description = "By the rules of MLPerf Inference: ten minutes a launch." };
    private readonly Option<bool> _endToEnd = new("--end-to-end") { Description = "Measure whole answers, tokenization and processing included, rather than the model alone." };
    private readonly Option<int?> _seed = new("--seed") { Description = "Of inputs, arrivals and the order of launches. Default: by chance." };
    private readonly Option<bool> _force = new("--force") { Description = "Measure a precision though it does more damage than its bound allows." };
    private readonly Option<bool> _save = new("--save") { Description = "Keep the results in the database, which is the default." };
    private readonly Option<bool> _noSave = new("--no-save") { Description = "Do not keep the results." };
    private readonly Option<string> _version = new("--version") { Description = "The version of the model that the results belong to.", HelpName = "tag" };
    private readonly Option<string> _html = new("--html") { Description = "Write a page about the results, with plots, that needs nothing else.", HelpName = "file" };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public BenchCommand(Services services) : base(services, "bench", Summary,
        "gpux bench samples/language-id --quick", "gpux bench samples/language-id --batch 1,8 --precision fp32,int8 --quick --no-save",
        "gpux bench samples/storyteller --sequence 32 --tokens 16 --quick --no-save", "gpux bench samples/language-id --rate 50 --concurrency 2 --goodput latency=50ms --quick --no-save --json")
    {
        Add(new BenchCompareCommand(services));
        Add(new BenchLaunchCommand(services));
        Add(_model);
        foreach (var option in (Option[])[_task, _batch, _sequence, _tokens, _precision, _device, _threads, _concurrency, _rate, _goodput, _launches, _duration, _quick, _strict, _endToEnd, _seed, _force, _save, _noSave, _version, _html, _path])
            Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = Request(parsed);
        // What would refuse the results refuses before minutes are spent on them.
        if (!parsed.GetValue(_noSave))
            Services.Open(parsed.GetValue(_path), cancellationToken).Dispose();
        if (parsed.GetValue(_html) is { } page)
            RequirePage(page);
        var outcomes = await new ModelBenchmark(Services.Library, BenchLaunchCommand.Program(), TimeProvider.System) { Notice = Terminal.Note }
            .RunAsync(request, Terminal.Progress, cancellationToken);
        var (ids, refusal) = parsed.GetValue(_noSave) ? (null, null) : Save(outcomes, parsed, cancellationToken);
        new BenchReport(Terminal, outcomes, ids).Print();
        if (parsed.GetValue(_html) is { } html && outcomes.Select(outcome => outcome.Run).OfType<BenchmarkRun>().ToArray() is { Length: > 0 } runs)
        {
            WritePage(runs, html);
            Terminal.Note($"The page is {html}.");
        }
        if (outcomes.Select(outcome => outcome.EnergyAbsence).OfType<string>().FirstOrDefault() is { } absence)
            Terminal.Note($"note: {absence}");
        foreach (var outcome in outcomes)
            foreach (var failure in outcome.Failures)
                Terminal.Note($"note: {outcome.Title}: {failure.Message.TrimEnd('.')}. {failure.Remedy}");
        if (refusal is not null)
            throw refusal;
        return outcomes.All(outcome => outcome.Run is not null && outcome.Failures.Count == 0) ? ExitCode.Done : ExitCode.Failed;
    }

    private BenchmarkRequest Request(ParseResult parsed)
    {
        if (parsed.GetValue(_quick) && parsed.GetValue(_strict))
            throw new UsageException("--quick and --strict are opposites.", "Give one of them.");
        if (parsed.GetValue(_save) && parsed.GetValue(_noSave))
            throw new UsageException("--save and --no-save are opposites.", "Give one of them.");
        if (parsed.GetValue(_noSave) && parsed.GetValue(_version) is not null)
            throw new UsageException("--version says what kept results belong to, and --no-save keeps none.", "Leave out one of them.");
        if (parsed.GetValue(_task) is { } task && !PipelineCatalog.Has(task))
            throw new UnsupportedTaskException(task, PipelineCatalog.Tasks);
        var (reference, project) = Services.Project(parsed.GetRequiredValue(_model));
        var isQuick = parsed.GetValue(_quick);
        var limits = isQuick ? MeasurementLimits.Quick : parsed.GetValue(_strict) ? MeasurementLimits.Strict : MeasurementLimits.Default;
        if (parsed.GetValue(_duration) is { } seconds)
            limits = limits.Lasting(TimeSpan.FromSeconds(Number(seconds, "--duration", 0.1, 86_400)));
        var device = parsed.GetValue(_device);
        var batches = Numbers(parsed.GetValue(_batch), "--batch", 1 << 16);
        var endToEnd = parsed.GetValue(_endToEnd);
        if (endToEnd && batches is not [1])
            throw new UsageException("--end-to-end measures one input at a time.", "Leave --batch out; --concurrency asks several at a time.");
        return new BenchmarkRequest(reference)
        {
            Project = project,
            Task = parsed.GetValue(_task),
            Batches = batches,
            Precisions = Precisions(parsed.GetValue(_precision)),
            Concurrencies = Numbers(parsed.GetValue(_concurrency), "--concurrency", MostCallers),
            Sequence = AtLeastOne(parsed.GetValue(_sequence), "--sequence"),
            NewTokens = AtLeastOne(parsed.GetValue(_tokens), "--tokens"),
            Provider = device,
            Threads = AtLeastOne(parsed.GetValue(_threads), "--threads") ?? 0,
            Rate = parsed.GetValue(_rate) is { } rate ? Number(rate, "--rate", 0.001, HighestRate) : null,
            Objectives = Objectives(parsed.GetValue(_goodput)),
            Launches = Launches(parsed.GetValue(_launches)) ?? (isQuick ? 1 : LogRatio.UsualLaunches),
            IsEndToEnd = endToEnd,
            AllowsDamage = parsed.GetValue(_force),
            VersionTag = parsed.GetValue(_version),
            Seed = parsed.GetValue(_seed) ?? Random.Shared.Next(),
            Limits = limits,
        };
    }

    /// <returns>Ids in the order of the outcomes, null for those without a run; or why there are none, and where the runs are instead.</returns>
    private (long?[]? Ids, UnsavedRunsException? Refusal) Save(IReadOnlyList<BenchmarkOutcome> outcomes, ParseResult parsed, CancellationToken cancellationToken)
    {
        var runs = outcomes.Select(outcome => outcome.Run).OfType<BenchmarkRun>().ToArray();
        if (runs.Length == 0)
            return (new long?[outcomes.Count], null);
        var path = parsed.GetValue(_path);
        try
        {
            using var store = Services.Open(path, cancellationToken);
            return ([.. outcomes.Select(outcome => outcome.Run is { } run ? store.Add(run, cancellationToken).Id : (long?)null)], null);
        }
        catch (GpuxException exception)
        {
            return (null, new UnsavedRunsException(exception, Rescue(runs), path));
        }
    }

    /// <returns>A file that 'gpux db import' reads; null where none can be written.</returns>
    private string? Rescue(BenchmarkRun[] runs)
    {
        var folder = Path.GetDirectoryName(Services.Library.BenchmarksFile)!; // a file's path
        var file = Path.Combine(folder, $"unsaved-{runs[0].StartedAt.UtcDateTime:yyyyMMdd-HHmmss}-{Environment.ProcessId}.json");
        try
        {
            Directory.CreateDirectory(folder);
            using var stream = new FileStream(file, FileMode.CreateNew);
            using var json = new Utf8JsonWriter(stream);
            json.WriteStartArray();
            foreach (var run in runs)
                RunJson.Write(json, run);
            json.WriteEndArray();
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void RequirePage(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"--html is '{path}', which is a folder.", "Name a file: --html report.html.");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!); // of a file's path, which is no root
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, exception, "--html");
        }
    }

    private static void WritePage(BenchmarkRun[] runs, string path)
    {
        try
        {
            BenchmarkReport.WriteHtml(runs, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, exception, "--html");
        }
    }

    private static WeightPrecision[] Precisions(string? text)
    {
        try
        {
            WeightPrecision[] known = [.. (text ?? "fp32").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(PrecisionNames.Parse).Distinct()];
            if (known.Length > 0)
                return known;
        }
        catch (FormatException)
        {
            // Told below.
        }
        throw new UsageException($"--precision is '{text}'.", $"Give one of {string.Join(", ", PrecisionNames.All)}, or several with commas between them.");
    }

    private static int[] Numbers(string? text, string option, int most)
    {
        var numbers = new List<int>();
        foreach (var part in (text ?? "1").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) || number < 1 || number > most)
                throw new UsageException($"{option} is '{text}', where numbers from 1 to {most} were expected.", $"Write {option} 1 or {option} 1,8.");
            if (!numbers.Contains(number))
                numbers.Add(number);
        }
        return numbers.Count > 0 ? [.. numbers] : throw new UsageException($"{option} names no number.", $"Write {option} 1 or {option} 1,8.");
    }

    private static GoodputObjectives? Objectives(string[]? texts)
    {
        if (texts is null or [])
            return null;
        try
        {
            return GoodputObjectives.Parse(texts);
        }
        catch (FormatException exception)
        {
            throw new UsageException($"--goodput is '{string.Join(',', texts)}': {exception.Message}.", "Write --goodput latency=50ms or --goodput ttft=200ms,tpot=20ms.");
        }
    }

    private static int? Launches(int? value) => AtLeastOne(value, "--launches") is > MostLaunches
        ? throw new UsageException($"--launches is {value}, where {MostLaunches} at most were expected.", "Correct the number.") : value;

    private static int? AtLeastOne(int? value, string option) => value is null or >= 1 ? value : throw new UsageException($"{option} is {value}, where at least 1 was expected.", "Correct the number.");

    private static double Number(double value, string option, double least, double most) => value >= least && value <= most ? value
        : throw new UsageException($"{option} is {value}, where a number from {least} to {most} was expected.", "Correct the number.");
}

/// <summary>The database refused what was measured.</summary>
/// <param name="file">Where it is instead; null: nowhere but in what was printed.</param>
internal sealed class UnsavedRunsException(GpuxException refusal, string? file, string? database) : GpuxException(
    refusal.Code,
    file is null ? $"The results were not kept: {refusal.Message}" : $"The results were not kept, but for {file}: {refusal.Message}",
    file is null ? refusal.Remedy : $"{refusal.Remedy} Then keep them: gpux db import {ShellWord.Of(file)}{(database is null ? "" : $" --db-path {ShellWord.Of(database)}")}",
    refusal);

