using System.Text.Json;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Verification;

/// <summary>Judges the way from texts to embeddings and scores: what a sentence model's tokenizer and graph make of a text must be the
/// recorded row, and what a cross-encoder makes of a pair the recorded score.</summary>
internal static class TextsJudge
{
    /// <summary>Compares every text that the recording embeds or scores; nothing if it names none.</summary>
    public static IEnumerable<OutputResult> Compare(Recording recording, PipelineModel model)
    {
        var texts = recording.Entries("texts").ToArray();
        return model.Session.Outputs.Any(output => output.Name == "sentence_embedding") ? CompareEmbeddings(recording, model, texts)
            : CompareScores(recording, model, texts.Where(text => text.TryGetProperty("text_pair", out _) && text.TryGetProperty("score", out _)));
    }

    private static IEnumerable<OutputResult> CompareScores(Recording recording, PipelineModel model, IEnumerable<JsonElement> texts)
    {
        var pipeline = PipelineCatalog.Create("text-ranking", model); // does not dispose of the model here: it is the caller's
        foreach (var text in texts)
        {
            var score = text.GetProperty("score");
            var expected = score.ValueKind == JsonValueKind.Array
                ? Tensor.Of<float>(score.EnumerateArray().Select(value => value.GetSingle()).ToArray(), new Shape(score.GetArrayLength()))
                : Tensor.Of<float>([score.GetSingle()], Shape.Scalar);
            var features = (Features)pipeline.Run(PipelineInput.Parse(text), new PipelineArguments(), CancellationToken.None);
            yield return new OutputResult(text.GetProperty("run").GetString() ?? "", $"score of '{text.GetProperty("text_pair").GetString()}'",
                TensorComparison.Compare(expected, features.Values, recording.Tolerance));
        }
    }

    private static IEnumerable<OutputResult> CompareEmbeddings(Recording recording, PipelineModel model, JsonElement[] texts)
    {
        var pipeline = PipelineCatalog.Create("sentence-similarity", model); // does not dispose of the model here: it is the caller's
        foreach (var (run, row, entry) in Rows(recording, texts))
        {
            var recorded = run.Output("sentence_embedding");
            var width = (int)recorded.Shape[1];
            var expected = Tensor.Of<float>(recorded.AsSpan<float>().Slice(row * width, width), new Shape(width));
            var arguments = new PipelineArguments();
            if (entry.TryGetProperty("prompt_name", out var prompt) && prompt.GetString() is { } promptName)
                arguments.Set("prompt_name", promptName);
            var text = entry.GetProperty("text").GetString() ?? "";
            var features = (Features)pipeline.Run(PipelineInput.Of(text), arguments, CancellationToken.None);
            yield return new OutputResult(run.Name, $"sentence_embedding[{row}] of its text", TensorComparison.Compare(expected, features.Values, run.Tolerance));
        }
    }

    // Texts name their run and row, or runs name their texts.
    private static IEnumerable<(RecordedRun Run, int Row, JsonElement Text)> Rows(Recording recording, JsonElement[] texts)
    {
        foreach (var run in recording.Runs.Where(run => run.OutputNames.Contains("sentence_embedding")))
        {
            if (run.Root.TryGetProperty("texts", out var numbers))
            {
                var row = 0;
                foreach (var number in numbers.EnumerateArray())
                    yield return (run, row++, texts[number.GetInt32()]);
                continue;
            }
            foreach (var text in texts)
                if (text.TryGetProperty("run", out var name) && name.GetString() == run.Name)
                    yield return (run, text.GetProperty("index").GetInt32(), text);
        }
    }
}
