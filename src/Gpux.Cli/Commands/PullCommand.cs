using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Locks;
using Gpux.Models.Projects;
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
    private readonly Option<bool> _lock = new("--lock") { Description = "Note the exact bytes in gpux.lock in the current folder." };
    private readonly Option<bool> _locked = new("--locked") { Description = "Fetch exactly the bytes that gpux.lock states, or fail." };

    private readonly Option<string> _project = new("--project") { Description = "Make a folder with a gpux.yml that says how to run the model.", HelpName = "folder" };

    public PullCommand(Services services)
        : base(services, "pull", Summary, "gpux pull samples/language-id", "gpux pull BAAI/bge-small-en-v1.5", "gpux pull org/name@v1.0 --json", "gpux pull --locked")
    {
        Add(_model);
        Add(_lock);
        Add(_locked);
        Add(_project);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (name, locks, locked) = (parsed.GetValue(_model), parsed.GetValue(_lock), parsed.GetValue(_locked));
        if (locks && locked)
            throw new UsageException("There are --lock and --locked.", "Give one: --lock writes gpux.lock, --locked follows it.");
        if (locked && parsed.GetValue(_project) is not null)
            throw new UsageException("There are --locked and --project.", "Pull the locked models first, then write gpux init MODEL FOLDER.");
        if (locked)
            return await PullLockedAsync(name, cancellationToken);
        var reference = Services.Reference(name ?? throw new UsageException("No model is named.", "Write gpux pull MODEL, or gpux pull --locked."));
        if (locks && reference.Registry == ModelReference.Local)
            throw new NotPublishedException(reference.Name);
        // Read before the download, which might be long.
        var lockFile = locks ? LockFile.Read(LockFile.FileName) ?? new LockFile([], ModelLibrary.Version) : null;
        var model = await Services.Library.PrepareAsync(reference, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken);
        if (model.Resolved.Note is { } note)
            Terminal.Note(note);
        if (lockFile is not null)
            (lockFile.With([await ModelLocker.LockAsync(reference, model, cancellationToken)]) with { GpuxVersion = ModelLibrary.Version }).Save(LockFile.FileName);
        if (parsed.GetValue(_project) is { } folder)
            Terminal.Note($"Made {ProjectFolder.Make(folder, model)}.");
        Terminal.Print(output => Write(output, model, name), json => Write(json, model));
        return ExitCode.Done;
    }

    private async Task<int> PullLockedAsync(string? name, CancellationToken cancellationToken)
    {
        var lockFile = LockFile.Read(LockFile.FileName) ?? throw new LockFileMissingException(LockFile.FileName, model: null);
        var asked = name is null ? null : Services.Reference(name);
        var wanted = lockFile.Models.Where(model => asked is null || model.Asked == asked).ToArray();
        if (wanted.Length == 0 && asked is not null)
            throw new LockFileMissingException(LockFile.FileName, asked.ToString());
        var models = new List<PreparedModel>();
        foreach (var model in wanted)
            models.Add(await new ModelLocker(Services.Library).FetchAsync(model, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken));
        Terminal.Print(
            output =>
            {
                foreach (var model in models)
                    Write(output, model, model.Manifest.Model.ToString());
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var model in models)
                    Write(json, model);
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private static long Bytes(PreparedModel model) => model.Files.Names.Sum(name => new FileInfo(model.Files.Require(name)).Length);

    private void Write(TextWriter output, PreparedModel model, string asked)
    {
        output.WriteLine($"{Terminal.Bold(model.Manifest.Model.ToString())}  {model.Manifest.Commit[..12]}");
        output.WriteLine($"  {model.Variant.Task}, {model.Files.Names.Count()} files, {ByteSize.Format(Bytes(model))}"
            + (model.Manifest.Licence is { } licence ? $", licence {licence}" : ""));
        output.WriteLine($"  Run it: gpux run {asked}");
    }

    private static void Write(Utf8JsonWriter json, PreparedModel model)
    {
        json.WriteStartObject();
        json.WriteString("model", model.Manifest.Model.ToString());
        json.WriteString("commit", model.Manifest.Commit);
        json.WriteString("task", model.Variant.Task);
        json.WriteString("licence", model.Manifest.Licence);
        json.WriteNumber("bytes", Bytes(model));
        json.WriteString("onnx", model.Variant.ModelPath);
        json.WriteStartArray("files");
        foreach (var name in model.Files.Names.Order(StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("path", model.Files.Require(name));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
