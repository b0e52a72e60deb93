using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <param name="Start">The place of its first character in the context, in code points.</param>
/// <param name="End">The place after its last character.</param>
public readonly record struct Answer(float Score, int Start, int End, string Text);

/// <summary>Answers, the likeliest first.</summary>
public sealed record Answers(IReadOnlyList<Answer> Candidates) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        if (Candidates.Count != 1)
            json.WriteStartArray();
        foreach (var answer in Candidates)
        {
            json.WriteStartObject();
            json.WriteNumber("score", answer.Score);
            json.WriteNumber("start", answer.Start);
            json.WriteNumber("end", answer.End);
            json.WriteString("answer", answer.Text);
            json.WriteEndObject();
        }
        if (Candidates.Count != 1)
            json.WriteEndArray();
    }
}

/// <summary>Which piece of a text answers a question.</summary>
/// <remarks>Long texts are read in overlapping windows. Source: transformers 4.40, question_answering.py.</remarks>
internal sealed class QuestionAnsweringPipeline(PipelineModel model) : Pipeline(model)
{
    private const int LongestWindow = 384, LongestStride = 128, LongestAnswer = 15;

    // Of the second of the two texts that are read together.
    private const int ContextSequence = 1;

    public override string Task => "question-answering";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "doc_stride", "max_answer_len", "max_seq_len", "max_question_len", "handle_impossible_answer", "align_to_words", "padding");
        if (input.Question is not { Length: > 0 } question || input.Context is not { Length: > 0 } context)
            throw new PipelineInputException("A question and a text that may answer it are needed.", "gpux run MODEL \"QUESTION\" --context \"TEXT\".");
        var window = arguments.Int("max_seq_len", least: 1) ?? Math.Min(Model.MaxTokens ?? LongestWindow, LongestWindow);
        var stride = arguments.Int("doc_stride", least: 0) ?? Math.Min(window / 2, LongestStride);
        if (stride > window)
            throw arguments.Unfit("doc_stride", $"at most max_seq_len ({window}) was expected");
        var count = arguments.Int("top_k", least: 1) ?? 1;
        var longest = arguments.Int("max_answer_len", least: 1) ?? LongestAnswer;
        var align = arguments.Bool("align_to_words", true);
        var mayBeImpossible = arguments.Bool("handle_impossible_answer", false);

        var encoding = Model.Tokenizer.Encode(question, context, new EncodeOptions
        {
            Truncation = new Truncation { MaxLength = window, Stride = stride, Strategy = TruncationStrategy.OnlySecond, ReturnOverflow = true },
        });
        var answers = new List<Answer>();
        var least = 1_000_000f;
        foreach (var part in encoding.Overflow.Prepend(encoding))
        {
            using var outputs = Model.Run([part], cancellationToken);
            var starts = Model.Finite(outputs, "start_logits").AsSpan<float>().ToArray();
            var ends = Model.Finite(outputs, "end_logits").AsSpan<float>().ToArray();
            var wanted = Wanted(part);
            Normalise(starts, wanted);
            Normalise(ends, wanted);
            least = Math.Min(least, starts[0] * ends[0]);
            starts[0] = ends[0] = 0; // the place of "no answer"
            foreach (var (start, end, score) in Spans(starts, ends, wanted, count, longest))
                answers.Add(ToAnswer(part, context, start, end, score, align));
        }
        if (mayBeImpossible)
            answers.Add(new Answer(least, 0, 0, ""));
        // Equals stay in their order.
        return new Answers([.. answers.OrderByDescending(answer => answer.Score).Take(count)]);
    }

    // Tokens of the context, and the first one, which stands for no answer.
    private bool[] Wanted(Encoding part)
    {
        var wanted = new bool[part.Count];
        for (var i = 0; i < wanted.Length; i++)
            wanted[i] = part.SequenceIds[i] == ContextSequence || (Model.Tokenizer.ClsId is { } cls && part.Ids[i] == cls);
        return wanted;
    }

    private static void Normalise(Span<float> logits, bool[] wanted)
    {
        for (var i = 0; i < logits.Length; i++)
            if (!wanted[i])
                logits[i] = -10000;
        Scores.Softmax(logits);
    }

    // The best pairs of a start and an end that is not before it.
    private static List<(int Start, int End, float Score)> Spans(float[] starts, float[] ends, bool[] wanted, int count, int longest)
    {
        var best = new List<(int Start, int End, float Score)>();
        for (var start = 0; start < starts.Length; start++)
        {
            for (var end = start; end < Math.Min(ends.Length, start + longest); end++)
            {
                var score = starts[start] * ends[end];
                if (best.Count == count && score <= best[^1].Score)
                    continue;
                var place = best.Count;
                while (place > 0 && score > best[place - 1].Score)
                    place--;
                best.Insert(place, (start, end, score));
                if (best.Count > count)
                    best.RemoveAt(count);
            }
        }
        best.RemoveAll(span => !wanted[span.Start] || !wanted[span.End]);
        return best;
    }

    private static Answer ToAnswer(Encoding part, string context, int start, int end, float score, bool align)
    {
        var (first, last) = (start, end);
        if (align && part.WordIds[start] is { } firstWord && part.WordIds[end] is { } lastWord)
        {
            // To the ends of the words; words of the question have the same numbers.
            while (first > 0 && part.SequenceIds[first - 1] == ContextSequence && part.WordIds[first - 1] == firstWord)
                first--;
            while (last + 1 < part.Count && part.SequenceIds[last + 1] == ContextSequence && part.WordIds[last + 1] == lastWord)
                last++;
        }
        var (from, to) = (part.Offsets[first].Start, part.Offsets[last].End);
        return new Answer(score, part.CodePointOffsets[first].Start, part.CodePointOffsets[last].End, to > from ? context[from..to] : "");
    }
}
