using System.Text;
using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Batches;

/// <summary>Writes rows with their answers: a table, or lines of JSON.</summary>
internal abstract class AnswerWriter : IDisposable
{
    /// <param name="path">Its extension tells the format; null for that of the source.</param>
    /// <param name="isNew">Whether nothing has been written yet.</param>
    /// <exception cref="BatchOutputException">No such format, or one that the source's rows do not fit.</exception>
    public static AnswerWriter Open(string? path, Stream stream, bool isNew, RowSource source, string task, PipelineArguments arguments)
    {
        var extension = Path.GetExtension(path ?? source.Path).ToLowerInvariant();
        if (extension is ".jsonl" or ".ndjson" || (path is null && extension is not (".csv" or ".tsv")))
            return new Lines(stream, source.Columns);
        if (extension is not (".csv" or ".tsv"))
            throw new BatchOutputException(path!, $"the format '{extension}' is not written.", "Name a file that ends in .csv, .tsv or .jsonl."); // null is above
        if (source.Columns.Count == 0)
            throw new BatchOutputException(path ?? source.Path, "rows of JSON may each have other names, which no table has.", "Name a file that ends in .jsonl.");
        return new Table(stream, extension == ".csv" ? ',' : '\t', isNew, source.Columns, AnswerColumns.Of(task, arguments));
    }

    public abstract void Write(BatchAnswer answer);

    /// <summary>Hands all that is written to the stream.</summary>
    public abstract void Flush();

    public abstract void Dispose();

    /// <summary>Lets go of a writer whose <see cref="Flush"/> may have failed: it would try again, and hide why.</summary>
    private static void Release(IDisposable writer)
    {
        try
        {
            writer.Dispose();
        }
        catch (IOException)
        {
            // It has been told when the rows were written.
        }
    }

    private sealed class Table : AnswerWriter
    {
        private readonly StreamWriter _output;
        private readonly char _delimiter;
        private readonly int _width;
        private readonly AnswerColumns _answers;

        public Table(Stream stream, char delimiter, bool isNew, IReadOnlyList<string> columns, AnswerColumns answers)
        {
            _output = new StreamWriter(stream, new UTF8Encoding(false), 1 << 14, leaveOpen: true);
            (_delimiter, _width, _answers) = (delimiter, columns.Count, answers);
            if (isNew)
                DelimitedText.Write(_output, [.. columns, .. answers.Names.Append("error").Select(name => Unused(name, columns))], delimiter);
        }

        public override void Write(BatchAnswer answer)
        {
            var values = answer.Row.Values.Take(_width);
            DelimitedText.Write(_output,
            [
                .. values, .. Enumerable.Repeat("", Math.Max(0, _width - answer.Row.Values.Count)),
                .. answer.Result is { } result ? _answers.Values(result) : Enumerable.Repeat("", _answers.Names.Count),
                answer.Failure?.Message ?? "",
            ], _delimiter);
        }

        public override void Flush() => _output.Flush();

        public override void Dispose() => Release(_output);

        // The file's own column keeps its name.
        private static string Unused(string name, IReadOnlyList<string> columns)
        {
            while (columns.Contains(name))
                name = $"answer_{name}";
            return name;
        }
    }

    private sealed class Lines(Stream stream, IReadOnlyList<string> columns) : AnswerWriter
    {
        private readonly Utf8JsonWriter _json = new(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

        public override void Write(BatchAnswer answer)
        {
            _json.WriteStartObject();
            _json.WriteNumber("line", answer.Row.Line);
            if (answer.Row.Object.ValueKind == JsonValueKind.Object)
            {
                _json.WritePropertyName("input");
                answer.Row.Object.WriteTo(_json);
            }
            else
            {
                _json.WriteStartObject("input");
                foreach (var (name, value) in columns.Zip(answer.Row.Values))
                    _json.WriteString(name, value);
                _json.WriteEndObject();
            }
            if (answer.Result is { } result)
            {
                _json.WritePropertyName("answer");
                result.WriteItem(_json);
            }
            if (answer.Failure is { } failure)
            {
                _json.WriteStartObject("error");
                _json.WriteString("code", $"GPUX{(int)failure.Code}");
                _json.WriteString("problem", failure.Message);
                _json.WriteString("remedy", failure.Remedy);
                _json.WriteEndObject();
            }
            _json.WriteEndObject();
            _json.Flush();
            _json.Reset();
            stream.WriteByte((byte)'\n');
        }

        public override void Flush() => _json.Flush();

        public override void Dispose() => Release(_json);
    }
}
