using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class PullCommand : GpuxCommand
{
    public const string Summary = "Fetch a model and convert it, so that it runs without a network.";

    private readonly Argument<string> _model = ModelArgument();

    public PullCommand(Services services)
        : base(services, "pull", Summary, "gpux pull samples/language-id", "gpux pull BAAI/bge-small-en-v1.5", "gpux pull org/name@v1.0 --json") => Add(_model);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var model = await Services.Library.PrepareAsync(reference, new PrepareOptions(Lookup.Default), Terminal.Progress, cancellationToken);
        if (model.Resolved.Note is { } note)
            Terminal.Note(note);
        var bytes = model.Files.Names.Sum(name => new FileInfo(model.Files.Require(name)).Length);
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Terminal.Bold(model.Manifest.Model.ToString())}  {model.Manifest.Commit[..12]}");
                output.WriteLine($"  {model.Variant.Task}, {model.Files.Names.Count()} files, {ByteSize.Format(bytes)}"
                    + (model.Manifest.Licence is { } licence ? $", licence {licence}" : ""));
                output.WriteLine($"  Run it: gpux run {parsed.GetRequiredValue(_model)}");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", model.Manifest.Model.ToString());
                json.WriteString("commit", model.Manifest.Commit);
                json.WriteString("task", model.Variant.Task);
                json.WriteString("licence", model.Manifest.Licence);
                json.WriteNumber("bytes", bytes);
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
            });
        return ExitCode.Done;
    }
}
