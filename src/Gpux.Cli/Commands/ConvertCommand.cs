using System.CommandLine;
using System.Diagnostics;
using Gpux.Cli.Terminals;
using Gpux.Conversion;
using Gpux.Models;
using Gpux.Models.Precision;
using Gpux.Onnx.Building;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class ConvertCommand : GpuxCommand
{
    public const string Summary = "Write a model as an ONNX file that any runtime opens.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder to write; default: the model's name in the current folder." };
    private readonly Option<bool> _selfContained = new("--self-contained")
    {
        Description = "Copy the weights into model.onnx.data, instead of hard links to the published files.",
    };
    private readonly Option<string> _target = new("--target")
    {
        Description = "portable, the default: standard operators that every runtime has. cpu: the forms that ONNX Runtime runs fastest on a CPU.",
    };
    private readonly Option<string> _class = new("--class") { Description = "The class to build, such as BertModel; default: the one that config.json states." };

    private readonly Option<string> _precision = new("--precision")
    {
        Description = "fp32, the default: as published. fp16: half the size. int8: a quarter, and faster on a CPU. What it costs is measured, and refused where that is too much.",
    };
    private readonly Option<bool> _force = new("--force") { Description = "Keep a precision that does more damage than its bound allows." };

    public ConvertCommand(Services services) : base(services, "convert", Summary,
        "gpux convert samples/language-id -o language-id-onnx", "gpux convert ./my-bert -o out --target cpu", "gpux convert org/name --self-contained --json", "gpux convert samples/language-id --precision int8")
    {
        Add(_model);
        Add(_output);
        Add(_selfContained);
        _target.AcceptOnlyFromAmong("portable", "cpu");
        Add(_target);
        Add(_class);
        _precision.AcceptOnlyFromAmong(PrecisionNames.All);
        Add(_precision);
        Add(_force);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var folder = parsed.GetValue(_output) ?? $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(reference.Name))}-onnx";
        var options = new PrepareOptions(Lookup.PreferStore, parsed.GetValue(_target) == "cpu" ? GraphTarget.Cpu : GraphTarget.Portable, parsed.GetValue(_class))
        {
            Precision = PrecisionNames.Parse(parsed.GetValue(_precision)),
            AllowsDamage = parsed.GetValue(_force),
        };
        var (plan, result, proof) = await Services.Library.ConvertAsync(reference, options, folder,
            parsed.GetValue(_selfContained) ? WeightStorage.Copied : WeightStorage.Linked, Terminal.Progress, cancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Terminal.Bold(result.ModelPath)}");
                output.WriteLine($"  {plan.ClassName} for {plan.Task}: {result.NodeCount} nodes, {ByteSize.Format(result.WrittenBytes)} written, "
                    + $"{ByteSize.Format(result.MappedBytes)} of weights used where they lie, {seconds:0.000} s");
                if (proof is not null)
                    output.WriteLine($"  {ProofText.Of(proof)}");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("onnx", result.ModelPath);
                json.WriteString("class", plan.ClassName);
                json.WriteString("task", plan.Task);
                json.WriteNumber("nodes", result.NodeCount);
                json.WriteNumber("bytes_written", result.WrittenBytes);
                json.WriteNumber("bytes_mapped", result.MappedBytes);
                json.WriteNumber("seconds", Math.Round(seconds, 4));
                if (proof is not null)
                {
                    json.WritePropertyName("proof");
                    proof.WriteTo(json);
                }
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}
