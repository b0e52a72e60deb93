using System.CommandLine;
using System.Diagnostics;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Onnx.Building;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class ExportCommand : GpuxCommand
{
    public const string Summary = "Write a model as one ONNX file that says of itself which model it is.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The file to write; default: the model's name in the current folder. Above 2 GiB, weights go to a second file, FILE.data.", HelpName = "file",
    };
    private readonly Option<string> _class = new("--class") { Description = "The class to build, such as BertModel; default: the one that config.json states." };
    private readonly Option<bool> _verify = new("--verify-hub") { Description = "Fail unless the Hub has the model, and calls the recorded commit by its revision." };

    public ExportCommand(Services services) : base(services, "export", Summary,
        "gpux export samples/language-id -o language-id.onnx", "gpux export org/name@v1.0 -o name.onnx --verify-hub", "gpux export ./my-bert --class BertModel --json")
    {
        Add(_model);
        Add(_output);
        Add(_class);
        Add(_verify);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var path = parsed.GetValue(_output) ?? $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(reference.Name))}.onnx";
        if (Directory.Exists(path))
            throw new UsageException($"'{path}' is a folder.", "Name a file with -o. A folder with the tokenizer's files is written by: gpux convert");
        var options = new PrepareOptions(Lookup.PreferStore, GraphTarget.Portable, parsed.GetValue(_class));
        var (plan, result) = await Services.Library.ExportAsync(reference, options, path, parsed.GetValue(_verify), Terminal.Progress, cancellationToken);
        var data = !OutputFile.IsSpecial(path) && result.WrittenBytes > new FileInfo(path).Length ? $"{path}.data" : null;
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Terminal.Print(
            output =>
            {
                output.WriteLine(Terminal.Bold(path) + (data is null ? "" : $" and {Terminal.Bold(data)}"));
                output.WriteLine($"  {plan.ClassName} for {plan.Task}: {result.NodeCount} nodes, {ByteSize.Format(result.WrittenBytes)} written, {seconds:0.000} s");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("onnx", path);
                json.WriteString("data", data);
                json.WriteString("class", plan.ClassName);
                json.WriteString("task", plan.Task);
                json.WriteNumber("nodes", result.NodeCount);
                json.WriteNumber("bytes_written", result.WrittenBytes);
                json.WriteNumber("seconds", Math.Round(seconds, 4));
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
