using System.Globalization;
using System.Text;
using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Batches;

/// <summary>An answer as fields of a table: those of its parts that are one value each, or else all of it as JSON.</summary>
internal sealed class AnswerColumns
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Func<PipelineResult, string[]> _values;

    private AnswerColumns(string[] names, Func<PipelineResult, string[]> values) => (Names, _values) = (names, values);

    public IReadOnlyList<string> Names { get; }

    public static AnswerColumns Of(string task, PipelineArguments arguments) => task switch
    {
        "text-classification" when !arguments.Has("top_k") => new(["label", "score"], result => Best(((LabelScores)result).Labels)),
        "zero-shot-classification" => new(["label", "score"], result => Best(((ZeroShotLabels)result).Labels)),
        "question-answering" when !arguments.Has("top_k") => new(["answer", "score", "start", "end"], result => Best(((Answers)result).Candidates)),
        "text-generation" when !arguments.Has("num_return_sequences") => new(["generated_text"], result => [((GeneratedTexts)result).Texts[0]]),
        "text-ranking" => new(["score"], result => [Json(result)]),
        "sentence-similarity" => new(["embedding"], result => [Json(result)]),
        _ => new(["answer"], result => [Json(result)]),
    };

    public string[] Values(PipelineResult result) => _values(result);

    private static string[] Best(IReadOnlyList<LabelScore> labels) => [labels[0].Label, Number(labels[0].Score)];

    private static string[] Best(IReadOnlyList<Answer> answers) => answers is [var best, ..]
        ? [best.Text, Number(best.Score), Number(best.Start), Number(best.End)] : ["", "", "", ""];

    private static string Number(float number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Json(PipelineResult result)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
            result.WriteItem(json);
        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}
