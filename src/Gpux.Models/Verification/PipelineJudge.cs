using System.Buffers;
using System.Text.Json;
using Gpux.Conversion;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Models.Verification;

/// <summary>Judges answers: a user's input in, what the original pipeline returned out.</summary>
internal static class PipelineJudge
{
    public static CaseResult Judge(Recording recording, ModelFiles files)
    {
        var task = recording.Task ?? "";
        if (!PipelineCatalog.Has(task))
            return CaseResult.Unsupported(recording, $"task '{task}'");
        var at = "";
        try
        {
            using var pipeline = PipelineCatalog.Create(task, Open(recording, files));
            foreach (var (entry, number) in recording.Entries("texts").Select((entry, i) => (entry, i)))
            {
                at = $"text {number}: ";
                using var answer = Answer(pipeline, recording, entry);
                if (new AnswerComparison(recording.Tolerance).Difference(entry.GetProperty("output"), answer.RootElement) is { } difference)
                    return CaseResult.Failed(recording, at + difference);
            }
            return CaseResult.Passed(recording);
        }
        catch (GpuxException exception) when (exception is UnsupportedTokenizerException or UnsupportedImageProcessorException
            || exception.Code is ErrorCode.UnsupportedModel or ErrorCode.UnsupportedCheckpoint)
        {
            return CaseResult.Unsupported(recording, exception.Message);
        }
        catch (GpuxException exception)
        {
            return CaseResult.Failed(recording, at + exception.Message);
        }
    }

    /// <summary>A converted model, with nothing written.</summary>
    internal static PipelineModel Open(Recording recording, ModelFiles files)
    {
        var plan = Converter.Plan(files, new ConversionOptions(ClassName: recording.ClassName));
        var (graph, result) = Converter.WriteInMemory(plan, files, []);
        var session = InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder, DisablePrepacking = true });
        return new PipelineModel(recording.Name, files, session);
    }

    private static JsonDocument Answer(Pipeline pipeline, Recording recording, JsonElement entry)
    {
        var arguments = PipelineArguments.Parse(entry.GetProperty("arguments"));
        var input = entry.GetProperty("input");
        var isBatch = input.ValueKind == JsonValueKind.Array && !arguments.Has("is_split_into_words");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            if (!isBatch)
            {
                pipeline.Run(Input(recording, input), arguments, CancellationToken.None).WriteJson(json);
            }
            else
            {
                json.WriteStartArray();
                foreach (var item in input.EnumerateArray())
                    pipeline.Run(Input(recording, item), arguments, CancellationToken.None).WriteItem(json);
                json.WriteEndArray();
            }
        }
        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    private static PipelineInput Input(Recording recording, JsonElement input) =>
        input.ValueKind == JsonValueKind.Object && input.TryGetProperty("file", out var file)
            ? new PipelineInput { Image = Image.Load(recording.BesideArea(file.GetString() ?? "")) } : PipelineInput.Parse(input);
}

/// <summary>Compares answers as JSON: texts, whole numbers and order exactly, scores within a tolerance.</summary>
/// <remarks>Answers whose scores lie within 1e-3 of each other may come in either order, and at the edge of a top-k either may be
/// the one that is left out.</remarks>
internal sealed class AnswerComparison(Tolerance tolerance)
{
    private const double Near = 1e-3;

    /// <summary>What differs first; null if nothing does.</summary>
    public string? Difference(JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind != actual.ValueKind)
            return $"{Shorten(actual)} instead of {Shorten(expected)}";
        switch (expected.ValueKind)
        {
            case JsonValueKind.Number:
                var same = IsWhole(expected) ? expected.GetDouble() == actual.GetDouble() : tolerance.Allows(expected.GetDouble(), actual.GetDouble());
                return same ? null : $"{actual} instead of {expected}";
            case JsonValueKind.Object:
                return ObjectDifference(expected, actual);
            case JsonValueKind.Array:
                return ArrayDifference([.. expected.EnumerateArray()], [.. actual.EnumerateArray()]);
            default:
                return expected.ToString() == actual.ToString() ? null : $"{Shorten(actual)} instead of {Shorten(expected)}";
        }
    }

    private string? ObjectDifference(JsonElement expected, JsonElement actual)
    {
        if (!expected.EnumerateObject().Select(property => property.Name).SequenceEqual(actual.EnumerateObject().Select(property => property.Name)))
            return $"{Shorten(actual)} instead of {Shorten(expected)}";
        foreach (var property in expected.EnumerateObject())
            if (Difference(property.Value, actual.GetProperty(property.Name)) is { } difference)
                return $"{property.Name} {difference}";
        return null;
    }

    private string? ArrayDifference(List<JsonElement> expected, List<JsonElement> actual)
    {
        if (expected.Count != actual.Count)
            return $"{actual.Count} instead of {expected.Count} entries";
        string? first = null;
        for (var i = 0; i < expected.Count; i++)
        {
            if (Difference(expected[i], actual[i]) is not { } difference)
                continue;
            first ??= $"[{i}] {difference}";
            if (Score(expected[i]) is not { } score || Score(actual[i]) is not { } other || Math.Abs(score - other) > Near)
                return first;
            // A neighbour of nearly the same score, or the one that was left out at the end.
            var isSwapped = actual.Any(candidate => Difference(expected[i], candidate) is null);
            if (!isSwapped && Math.Abs(score - (Score(expected[^1]) ?? double.NaN)) > Near)
                return first;
        }
        return null;
    }

    private static double? Score(JsonElement answer) => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("score", out var score)
        ? score.GetDouble() : null;

    private static bool IsWhole(JsonElement number) => number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    private static string Shorten(JsonElement json) => json.GetRawText() is { Length: > 120 } text ? text[..117] + "..." : json.GetRawText();
}
