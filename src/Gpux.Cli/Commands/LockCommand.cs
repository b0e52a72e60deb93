using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Locks;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class LockCommand : GpuxCommand
{
    public const string Summary = "Note the exact bytes of models in gpux.lock, or compare what is here with it.";

    private readonly Argument<string[]> _models = new("model")
    {
        Description = "Models to lock, such as org/name or org/name@revision; default: those that gpux.lock has, brought up to date.", Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> _check = new("--check") { Description = "Only compare the files on this machine with gpux.lock." };

    public LockCommand(Services services) : base(services, "lock", Summary, "gpux lock samples/language-id", "gpux lock --check", "gpux lock org/name@v1.0 --json")
    {
        Add(_models);
        Add(_check);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var names = parsed.GetValue(_models) ?? [];
        if (!parsed.GetValue(_check))
            return await LockAsync(names, cancellationToken);
        if (names.Length > 0)
            throw new UsageException("There are models and --check.", "Write gpux lock --check alone: it compares all entries.");
        var lockFile = LockFile.Read(LockFile.FileName) ?? throw new LockFileMissingException(LockFile.FileName, model: null);
        var differences = await new ModelLocker(Services.Library).CheckAsync(lockFile, cancellationToken);
        Terminal.Print(
            output =>
            {
                foreach (var difference in differences)
                    output.WriteLine($"{Terminal.Red("differs")}  {difference.Model.Asked}{(difference.Path is { } path ? $" {path}" : "")}: {difference.Problem}");
                output.WriteLine(differences.Count == 0 ? $"{Plural.Of(lockFile.Models.Count, "model")} as locked." : "To fetch what is locked: gpux pull --locked");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("same", differences.Count == 0);
                json.WriteStartArray("differences");
                foreach (var difference in differences)
                {
                    json.WriteStartObject();
                    json.WriteString("model", difference.Model.Asked.ToString());
                    json.WriteString("file", difference.Path);
                    json.WriteString("problem", difference.Problem);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return differences.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<int> LockAsync(string[] names, CancellationToken cancellationToken)
    {
        var lockFile = LockFile.Read(LockFile.FileName) ?? new LockFile([], ModelLibrary.Version);
        ModelReference[] asked = names.Length > 0 ? [.. names.Select(Services.Reference)] : [.. lockFile.Models.Select(model => model.Asked)];
        if (asked.Length == 0)
            throw new LockFileMissingException(LockFile.FileName, model: null);
        var locked = new List<LockedModel>();
        foreach (var model in asked)
            locked.Add(await new ModelLocker(Services.Library).LockAsync(model, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken));
        (lockFile.With(locked) with { GpuxVersion = ModelLibrary.Version }).Save(LockFile.FileName);
        Terminal.Print(
            output =>
            {
                foreach (var model in locked)
                    output.WriteLine($"Locked {model.Asked} at {model.Commit[..12]}: {Plural.Of(model.Files.Count, "file")}, {ByteSize.Format(model.Files.Sum(file => file.SizeBytes))}.");
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var model in locked)
                {
                    json.WriteStartObject();
                    json.WriteString("model", model.Asked.ToString());
                    json.WriteString("commit", model.Commit);
                    json.WriteNumber("files", model.Files.Count);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }
}
