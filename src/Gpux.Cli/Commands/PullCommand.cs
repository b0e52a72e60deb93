using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Locks;
using Gpux.Models.Projects;
using Gpux.Models.Pulling;
using Gpux.Models.Verification;
using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.Registries.Store.Bundles;

namespace Gpux.Cli.Commands;

internal sealed class PullCommand : GpuxCommand
{
    public const string Summary = "Fetch a model and convert it, so that it runs without a network.";

    private readonly Argument<string?> _model = new("model")
    {
        Description = "org/name[@revision] of the Hugging Face Hub, a folder, samples/name, or registry:name; with --locked default: all of gpux.lock.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _all = new("--all") { Description = "Fetch every published file, not only what running takes." };
    private readonly Option<string[]> _include = new("--include") { Description = "Fetch only files that match; may be given several times.", HelpName = "PATTERN" };
    private readonly Option<string[]> _exclude = new("--exclude") { Description = "Fetch no files that match; may be given several times.", HelpName = "PATTERN" };
    private readonly Option<bool> _lock = new("--lock") { Description = "Note the exact bytes in gpux.lock in the current folder." };
    private readonly Option<bool> _locked = new("--locked") { Description = "Fetch exactly the bytes that gpux.lock states, or fail." };
    private readonly Option<string?> _project = new("--project") { Description = "Make a folder with a gpux.yml that says how to run the model.", HelpName = "FOLDER" };
    private readonly Option<string?> _limitRate = new("--limit-rate") { Description = "All downloads together take no more a second, such as 5M.", HelpName = "RATE" };
    private readonly Option<string?> _progress = new("--progress") { Description = "bars, the default; json: an object a line on standard error; none.", HelpName = "FORM" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would be fetched." };

    public PullCommand(Services services)
        : base(services, "pull", Summary, "gpux pull samples/language-id", "gpux pull BAAI/bge-small-en-v1.5", "gpux pull org/name@v1.0 --json",
            "gpux pull org/name --dry-run", "gpux pull org/name --include \"*.json\" --include \"onnx/*\"", "gpux pull --locked")
    {
        Add(_model);
        Add(_all);
        Add(_include);
        Add(_exclude);
        Add(_limitRate);
        Add(_progress);
        Add(_dryRun);
        Add(_lock);
        Add(_locked);
        Add(_project);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (text, pull) = (parsed.GetValue(_model), Pull(parsed));
        if (parsed.GetValue(_limitRate) is { } rate)
            Services.Environment.RateLimit = TransferRate.Parse(rate, "--limit-rate");
        Terminal.ProgressForm = parsed.GetValue(_progress) switch
        {
            null or "bars" => ProgressForm.Bars,
            "json" => ProgressForm.Events,
            "none" => ProgressForm.None,
            var other => throw new UsageException($"--progress is '{other}', where bars, json or none is expected.", "Write --progress json."),
        };
        if (parsed.GetValue(_locked))
            return await PullLockedAsync(text, parsed, pull, cancellationToken);
        var reference = Services.Reference(text ?? throw new UsageException("No model is named.", "Write gpux pull MODEL, or gpux pull --locked."));
        var options = new PrepareOptions(Lookup.Default);
        if (parsed.GetValue(_dryRun))
        {
            PrintPlan(await Services.Library.PlanPullAsync(reference, pull, options, Terminal.Progress, cancellationToken));
            return ExitCode.Done;
        }
        var locks = parsed.GetValue(_lock);
        if (locks && reference.Registry == ModelReference.Local)
            throw new NotPublishedException(reference.Name);
        // Read before the download, which might be long.
        var lockFile = locks ? LockFile.Read(LockFile.FileName) ?? new LockFile([], ModelLibrary.Version) : null;
        var model = await Services.Library.PullAsync(reference, pull, options, Terminal.Progress, cancellationToken);
        if (model.Plan.Resolved.Note is { } note)
            Terminal.Note(note);
        if (lockFile is not null)
            (lockFile.With([await new ModelLocker(Services.Library).LockAsync(reference, model, cancellationToken)]) with { GpuxVersion = ModelLibrary.Version }).Save(LockFile.FileName);
        if (parsed.GetValue(_project) is { } folder)
            Terminal.Note($"Made {ProjectFolder.Make(folder, Runnable(model))}.");
        Terminal.Print(output => Write(output, model, text), json => Write(json, model));
        return model.TestData is { Passed: false } ? ExitCode.Failed : ExitCode.Done;
    }

    private PullOptions Pull(ParseResult parsed)
    {
        var pull = new PullOptions(parsed.GetValue(_all), parsed.GetValue(_include) ?? [], parsed.GetValue(_exclude) ?? []);
        if (pull.All && pull.Include.Count + pull.Exclude.Count > 0)
            throw new UsageException("--all says to fetch every file, --include and --exclude to fetch some.", "Leave one of them out.");
        return pull;
    }

    private async Task<int> PullLockedAsync(string? name, ParseResult parsed, PullOptions pull, CancellationToken cancellationToken)
    {
        if (pull.IsChosen || parsed.GetValue(_lock) || parsed.GetValue(_dryRun) || parsed.GetValue(_project) is not null)
            throw new UsageException("--locked stands with another option.", "gpux.lock alone says what is fetched; write gpux init MODEL FOLDER for a project.");
        var lockFile = LockFile.Read(LockFile.FileName) ?? throw new LockFileMissingException(LockFile.FileName, model: null);
        var asked = name is null ? null : Services.Reference(name);
        var wanted = lockFile.Models.Where(model => asked is null || model.Asked == asked).ToArray();
        if (wanted.Length == 0 && asked is not null)
            throw new LockFileMissingException(LockFile.FileName, asked.ToString());
        var models = new List<LockedPull>();
        foreach (var model in wanted)
            models.Add(await new ModelLocker(Services.Library).FetchAsync(model, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken));
        Terminal.Print(
            output =>
            {
                foreach (var model in models)
                {
                    WriteHead(output, model.Manifest, model.Files, model.Prepared);
                    WriteRefusal(output, model.Refusal);
                    if (model.Prepared is not null)
                        output.WriteLine($"  Run it: gpux run {ShellWord.Of(model.Manifest.Model.ToString())}");
                }
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var model in models)
                {
                    json.WriteStartObject();
                    WriteHead(json, model.Manifest, model.Files, model.Prepared);
                    json.WriteString("refusal", model.Refusal?.Message);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private static PreparedModel Runnable(PulledModel model) => model.Prepared ?? throw model.Refusal!; // one of them is set

    private void PrintPlan(PullPlan plan)
    {
        var manifest = plan.Resolved.Manifest;
        var download = plan.Download;
        var missing = download.Files.Where(file => file.Path is null).Select(file => file.File.Path).ToHashSet();
        var bytes = download.Files.Sum(file => file.BytesToFetch ?? 0);
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Terminal.Bold(manifest.Model.ToString())}  {manifest.Commit[..12]}");
                var table = new Table("file", "size", "plan").AlignRight(1);
                foreach (var file in plan.Selection.Wanted)
                    table.Row(file.Path, Size(file), missing.Contains(file.Path) ? Terminal.Bold("fetch") : "here already");
                foreach (var (file, reason) in plan.Selection.Left)
                    table.Row(file.Path, Size(file), $"leave: {reason}");
                table.Write(Terminal, output);
                output.WriteLine($"{Plural.Of(missing.Count, "file")} to fetch, {ByteSize.Format(bytes)}{(download.BytesToFetch is null ? " and those of unknown size" : "")}");
                if (!download.Fits)
                    output.WriteLine(Terminal.Red($"The disk of {download.Folder} has {ByteSize.Format(download.FreeBytes ?? 0)} free: too little."));
                WriteRefusal(output, plan.Refusal);
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", manifest.Model.ToString());
                json.WriteString("commit", manifest.Commit);
                json.WriteNumber("bytes", bytes);
                json.WriteString("source", download.Source);
                json.WriteString("folder", download.Folder);
                if (download.FreeBytes is { } free)
                    json.WriteNumber("free_bytes", free);
                json.WriteBoolean("fits", download.Fits);
                json.WriteStartArray("files");
                foreach (var file in plan.Selection.Wanted)
                    WriteFile(json, file, missing.Contains(file.Path) ? "fetch" : "here", reason: null);
                foreach (var (file, reason) in plan.Selection.Left)
                    WriteFile(json, file, "leave", reason);
                json.WriteEndArray();
                json.WriteString("refusal", plan.Refusal?.Message);
                json.WriteEndObject();
            });
    }

    private void Write(TextWriter output, PulledModel model, string asked)
    {
        WriteHead(output, model.Plan.Resolved.Manifest, model.Files, model.Prepared);
        foreach (var group in model.Plan.Selection.Left.GroupBy(left => left.Reason))
            output.WriteLine(Terminal.Dim($"  left: {Plural.Of(group.Count(), "file")}, {ByteSize.Format(group.Sum(left => left.File.SizeBytes ?? 0))}: {group.Key}"));
        WriteTestData(output, model.TestData);
        WriteRefusal(output, model.Refusal);
        if (model.Prepared is not null)
            output.WriteLine($"  Run it: gpux run {ShellWord.Of(asked)}");
    }

    private static void Write(Utf8JsonWriter json, PulledModel model)
    {
        json.WriteStartObject();
        WriteHead(json, model.Plan.Resolved.Manifest, model.Files, model.Prepared);
        json.WriteString("refusal", model.Refusal?.Message);
        if (model.TestData is { } tested)
        {
            json.WriteStartObject("test_data");
            json.WriteNumber("sets", tested.Results.Count);
            json.WriteBoolean("passed", tested.Passed);
            json.WriteNumber("max_abs", tested.MaxAbs);
            json.WriteNumber("max_rel", tested.MaxRel);
            json.WriteEndObject();
        }
        json.WriteStartArray("left");
        foreach (var (file, reason) in model.Plan.Selection.Left)
            WriteFile(json, file, "leave", reason);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteHead(TextWriter output, ModelManifest manifest, ModelFiles files, PreparedModel? prepared)
    {
        output.WriteLine($"{Terminal.Bold(manifest.Model.ToString())}  {manifest.Commit[..12]}");
        output.WriteLine($"  {(prepared is null ? "" : $"{prepared.Variant.Task}, ")}{Plural.Of(files.Names.Count(), "file")}, {ByteSize.Format(Bytes(files))}"
            + (manifest.Licence is { } licence ? $", licence {licence}" : ""));
    }

    private static void WriteHead(Utf8JsonWriter json, ModelManifest manifest, ModelFiles files, PreparedModel? prepared)
    {
        json.WriteString("model", manifest.Model.ToString());
        json.WriteString("commit", manifest.Commit);
        json.WriteString("task", prepared?.Variant.Task);
        json.WriteString("licence", manifest.Licence);
        json.WriteNumber("bytes", Bytes(files));
        json.WriteString("onnx", prepared?.Variant.ModelPath);
        json.WriteStartArray("files");
        foreach (var name in files.Names.Order(StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("path", files.Require(name));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static long Bytes(ModelFiles files) => files.Names.Sum(name => new FileInfo(files.Require(name)).Length);

    private void WriteTestData(TextWriter output, TestDataReport? report)
    {
        if (report is not null)
            output.WriteLine($"  test data: {report.Results.Count} outputs, max abs {report.MaxAbs:g2}, max rel {report.MaxRel:g2}: {(report.Passed ? Terminal.Green("passed") : Terminal.Red("failed"))}");
    }

    private static void WriteRefusal(TextWriter output, GpuxException? refusal)
    {
        if (refusal is null)
            return;
        output.WriteLine($"  It cannot be run here: {refusal.Message}");
        output.WriteLine($"  {refusal.Remedy}");
    }

    private static void WriteFile(Utf8JsonWriter json, ModelFile file, string plan, string? reason)
    {
        json.WriteStartObject();
        json.WriteString("path", file.Path);
        if (file.SizeBytes is { } size)
            json.WriteNumber("bytes", size);
        json.WriteString("digest", file.Digest?.ToString());
        json.WriteString("plan", plan);
        if (reason is not null)
            json.WriteString("reason", reason);
        json.WriteEndObject();
    }

    private static string Size(ModelFile file) => file.SizeBytes is { } bytes ? ByteSize.Format(bytes) : "?";
}
