using Gpux.Conversion;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Generation;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Verification;

/// <summary>Judges a model: converts it, runs what was recorded, compares every tensor.</summary>
internal sealed class ModelJudge(Recording recording, ModelFiles files)
{
    // A recording with "steps" reads so many tokens at once, and the others one by one.
    private const int PrefilledTokens = 8;
    private readonly List<OutputResult> _outputs = [];
    private RecordedRun? _current;

    public static CaseResult Judge(Recording recording, ModelFiles files)
    {
        ConversionPlan plan;
        try
        {
            plan = Converter.Plan(files, new ConversionOptions(ClassName: recording.ClassName, Arguments: recording.Arguments));
        }
        catch (GpuxException exception) when (IsUnsupported(exception))
        {
            return recording.IsToBeRefused ? CaseResult.Passed(recording) : CaseResult.Unsupported(recording, exception.Message);
        }
        catch (GpuxException exception)
        {
            return recording.IsToBeRefused ? CaseResult.Passed(recording) : CaseResult.Failed(recording, exception.Message);
        }
        if (recording.IsToBeRefused)
            return CaseResult.Failed(recording, $"converted, where it must be refused ({recording.Text("reason")})");
        return new ModelJudge(recording, files).Judge(plan);
    }

    // A repository without config.json is one of a library that is not read: diffusers, the first TensorFlow releases.
    private static bool IsUnsupported(GpuxException exception) => exception.Code is ErrorCode.UnsupportedModel or ErrorCode.UnsupportedCheckpoint
        || exception is MissingFileException { Name: "config.json" };

    private CaseResult Judge(ConversionPlan plan)
    {
        try
        {
            var (graph, result) = Converter.WriteInMemory(plan, files, []);
            using var session = InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder, DisablePrepacking = true });
            foreach (var run in recording.Runs)
            {
                _current = run;
                if (run.Variant(plan.ClassName) is { } variant && Converter.Supported.Any(family => family.ModelType == plan.ModelType && family.Classes.Contains(variant)))
                    JudgeVariant(variant, run);
                else
                    JudgeRun(session, run);
            }
            if (recording.Stepwise)
                JudgeSteps(session);
            foreach (var run in recording.Generations)
                JudgeGeneration(session, _current = run);
            // Some recordings of models also say which texts they are of.
            _outputs.AddRange(TextsJudge.Compare(recording, new PipelineModel(recording.Name, files, session)));
        }
        catch (UnsupportedGenerationException exception)
        {
            return CaseResult.Unsupported(recording, $"{_current?.Name}: {exception.Message}");
        }
        catch (GpuxException exception)
        {
            return CaseResult.Failed(recording, $"{_current?.Name}: {exception.Message}");
        }
        return CaseResult.Of(recording, _outputs);
    }

    // A method of the class, or an argument that changes what it computes, is a graph of its own.
    private void JudgeVariant(string className, RecordedRun run)
    {
        var (graph, result) = Converter.WriteInMemory(Converter.Plan(files, new ConversionOptions(ClassName: className)), files, []);
        using var session = InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder, DisablePrepacking = true });
        JudgeRun(session, run);
    }

    private void JudgeRun(InferenceSession session, RecordedRun run)
    {
        var inputs = ModelInputs.Complete(session.Inputs, run.InputNames.ToDictionary(name => name, run.Input));
        using var outputs = session.Run(inputs);
        foreach (var name in run.OutputNames)
            Compare(run, run.Name, name, run.Output(name), outputs.TryGet(name, out var tensor) ? tensor : null);
    }

    // The logits of the first run, computed piece by piece through the cache.
    private void JudgeSteps(InferenceSession session)
    {
        var run = recording.Runs[0];
        var ids = run.Input("input_ids");
        var (recorded, batch, length) = (run.Output("logits"), ids.Shape[0], ids.Shape[1]);
        var inputs = new Dictionary<string, Tensor>();
        for (long start = 0; start < length;)
        {
            var end = start == 0 ? Math.Min(PrefilledTokens, length) : start + 1;
            inputs["input_ids"] = Columns(ids, start, end);
            using var outputs = session.Run(ModelInputs.Complete(session.Inputs, inputs));
            var name = start == 0 ? "logits" : $"logits[{start}]";
            Compare(run, "steps", name, Columns(recorded, start, end), outputs["logits"]);
            foreach (var (output, present) in outputs.Tensors)
                if (output.StartsWith("present.", StringComparison.Ordinal))
                    inputs[$"past_key_values.{output["present.".Length..]}"] = Copy(present);
            start = end;
        }
        if (inputs.Count == 1)
            _outputs.Add(new OutputResult("steps", "present", new TensorComparison(false, double.NaN, double.NaN, $"the model has no cache for its {batch} rows")));
    }

    private void JudgeGeneration(InferenceSession session, RecordedRun run)
    {
        var config = GenerationConfig.Load(files).With(run.Arguments);
        using var decoder = new SessionDecoder(session, config.MaxPositionEmbeddings ?? int.MaxValue);
        var result = new TokenGenerator(decoder, config).Generate(Prompt(run), CancellationToken.None);
        foreach (var name in run.OutputNames)
        {
            var computed = name switch
            {
                "sequences" => Tensor.Of(Widened(result.Padded.Ids), new Shape(result.Padded.Rows, result.Padded.Length)),
                "sequences_scores" => Tensor.Of<float>([.. result.Sequences.Select(sequence => sequence.Score ?? 0)], new Shape(result.Sequences.Count)),
                _ => null,
            };
            Compare(run, run.Name, name, run.Output(name), computed);
        }
    }

    private static TokenBatch Prompt(RecordedRun run)
    {
        var ids = run.Input("input_ids");
        var mask = run.InputNames.Contains("attention_mask") ? run.Input("attention_mask").AsSpan<long>().ToArray() : null;
        return new TokenBatch((int)ids.Shape[0], (int)ids.Shape[1], [.. ids.AsSpan<long>().ToArray().Select(id => checked((int)id))],
            mask is null ? null : [.. mask.Select(mark => mark != 0)]);
    }

    private void Compare(RecordedRun run, string runName, string output, Tensor recorded, Tensor? computed) =>
        _outputs.Add(new OutputResult(runName, output, computed is null
            ? new TensorComparison(false, double.NaN, double.NaN, "is not computed")
            : TensorComparison.Compare(recorded, computed, run.Tolerance, runName == run.Name ? run.Where : null)));

    // Columns of the second dimension, as a new tensor.
    private static Tensor Columns(Tensor tensor, long start, long end)
    {
        var dimensions = tensor.Shape.Dimensions.ToArray();
        var (batch, length) = (dimensions[0], dimensions[1]);
        var bytesPerColumn = (int)(tensor.ByteCount / (batch * length));
        dimensions[1] = end - start;
        var columns = Tensor.Uninitialized(tensor.ElementType, new Shape(dimensions));
        for (var row = 0; row < batch; row++)
        {
            tensor.Bytes.Slice((int)(row * length + start) * bytesPerColumn, (int)(end - start) * bytesPerColumn)
                .CopyTo(columns.Bytes[(int)(row * (end - start) * bytesPerColumn)..]);
        }
        return columns;
    }

    // The outputs of a run end with it.
    private static Tensor Copy(Tensor tensor)
    {
        var copy = Tensor.Uninitialized(tensor.ElementType, tensor.Shape);
        tensor.Bytes.CopyTo(copy.Bytes);
        return copy;
    }

    private static long[] Widened(ReadOnlySpan<int> ids)
    {
        var wide = new long[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            wide[i] = ids[i];
        return wide;
    }
}
