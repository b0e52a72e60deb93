using System.Buffers;
using System.Text.Json;
using Gpux.Conversion;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Models.Verification;

/// <summary>Judges answers: a user's input in, what the original pipeline returned out.</summary>
internal static class PipelineJudge
{
    // An answer that was left out at the edge of a list is among so many more.
    private const int MoreAnswers = 20;

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
                using var answer = Answer(pipeline, recording, entry, PipelineArguments.Parse(entry.GetProperty("arguments")));
                var comparison = new AnswerComparison(recording.Tolerance, RanksByScore(task) ? () => LongerList(pipeline, recording, entry) : null);
                if (comparison.Difference(entry.GetProperty("output"), answer.RootElement) is { } difference)
                    return CaseResult.Failed(recording, at + difference);
            }
            return CaseResult.Passed(recording);
        }
        catch (GpuxException exception) when (exception is ChatInputException or UnsupportedTokenizerException or UnsupportedImageProcessorException
            or UnsupportedFeatureExtractorException or MissingAudioDecoderException
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

    // Of these tasks answers are ranked, and top_k cuts the list.
    private static bool RanksByScore(string task) => task is "text-classification" or "image-classification" or "audio-classification" or "fill-mask" or "question-answering";

    // What else could have been in the answer had its list been longer.
    private static JsonElement LongerList(Pipeline pipeline, Recording recording, JsonElement entry)
    {
        var arguments = PipelineArguments.Parse(entry.GetProperty("arguments"));
        arguments.Set("top_k", json => json.WriteNumberValue((arguments.Int("top_k", least: 1) ?? 0) + MoreAnswers));
        return Answer(pipeline, recording, entry, arguments).RootElement;
    }

    private static JsonDocument Answer(Pipeline pipeline, Recording recording, JsonElement entry, PipelineArguments arguments)
    {
        var input = entry.GetProperty("input");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            if (!IsBatch(input, arguments))
            {
                pipeline.Run(Input(recording, pipeline, input), arguments, CancellationToken.None).WriteJson(json);
            }
            else
            {
                json.WriteStartArray();
                foreach (var item in input.EnumerateArray())
                    pipeline.Run(Input(recording, pipeline, item), arguments, CancellationToken.None).WriteItem(json);
                json.WriteEndArray();
            }
        }
        return JsonDocument.Parse(buffer.WrittenMemory);
    }

    // Words of one text make a list too.
    private static bool IsBatch(JsonElement input, PipelineArguments arguments) => input.ValueKind == JsonValueKind.Array
        && (!arguments.Bool("is_split_into_words", false) || (input.GetArrayLength() > 0 && input[0].ValueKind == JsonValueKind.Array));

    private static PipelineInput Input(Recording recording, Pipeline pipeline, JsonElement input)
    {
        if (input.ValueKind != JsonValueKind.Object || !input.TryGetProperty("file", out var file))
            return PipelineInput.Parse(input);
        var path = recording.BesideArea(file.GetString() ?? "");
        return SoundInputs.Has(pipeline) ? new PipelineInput { Sound = Waveform.Load(path) } : new PipelineInput { Image = Image.Load(path) };
    }
}
