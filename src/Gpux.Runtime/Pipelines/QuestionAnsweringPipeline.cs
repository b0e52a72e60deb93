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
        json.WriteOneOrMany(Candidates, static (json, answer) =>
        {
            json.WriteNumber("score", answer.Score);
            json.WriteNumber("start", answer.Start);
            json.WriteNumber("end", answer.End);
            json.WriteString("answer", answer.Text);
        });
    }
}

/// <summary>Which piece of a text answers a question.</summary>
/// <remarks>Long texts are read in overlapping windows. Source: transformers 4.40, question_answering.py.</remarks>
internal sealed class QuestionAnsweringPipeline(PipelineModel model) : Pipeline(model)
{
    private const int LongestWindow = 384, LongestStride = 128, LongestAnswer = 15;

    // Models whose tokenizers pad on the left read the context before the question.
    private bool QuestionFirst => Model.Tokenizer.PaddingSide == TokenSide.Right;

    // Which of the two texts that are read together is the context.
    private int ContextSequence => QuestionFirst ? 1 : 0;

    public override string Task => "question-answering";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "doc_stride", "max_answer_len", "max_seq_len", "max_question_len", "handle_impossible_answer", "align_to_words", "padding");
        if (input.Question is not { Length: > 0 } question || input.Context is not { Length: > 0 } context)
            throw new PipelineInputException("A question and a text that may answer it are needed.", "gpux run MODEL \"QUESTION\" --context \"TEXT\".");
        // The original uses these two for tokenizers without offsets alone, which GPUX does not have.
        arguments.Int("max_question_len", least: 1);
        arguments.Text("padding");
        var longestWindow = Model.MaxTokens ?? int.MaxValue;
        var window = Math.Min(arguments.Int("max_seq_len", least: 1) ?? LongestWindow, longestWindow);
        var stride = arguments.Int("doc_stride", least: 0) ?? Math.Min(window / 2, LongestStride);
        if (stride > window)
            throw arguments.Unfit("doc_stride", $"at most max_seq_len ({window}) was expected");
        var count = arguments.Int("top_k", least: 1) ?? 1;
        var longest = arguments.Int("max_answer_len", least: 1) ?? LongestAnswer;
        var align = arguments.Bool("align_to_words", true);
        var mayBeImpossible = arguments.Bool("handle_impossible_answer", false);

        var encoding = Model.Tokenizer.Encode(QuestionFirst ? question : context, QuestionFirst ? context : question, new EncodeOptions
        {
            Truncation = new Truncation
            {
                MaxLength = window, Stride = stride, ReturnOverflow = true,
                Strategy = QuestionFirst ? TruncationStrategy.OnlySecond : TruncationStrategy.OnlyFirst,
            },
        });
        var answers = new List<Answer>();
        var least = 1_000_000f;
        foreach (var part in encoding.Overflow.Prepend(encoding))
        {
            using var outputs = Model.Run([part], cancellationToken);
            var starts = Model.Finite(outputs, "start_logits").AsSpan<float>().ToArray();
            var ends = Model.Finite(outputs, "end_logits").AsSpan<float>().ToArray();
            var (spans, none) = AnswerSpan.Read(starts, ends, Wanted(part), count, longest);
            least = Math.Min(least, none);
            foreach (var span in spans)
                answers.Add(ToAnswer(part, context, span, align));
        }
        if (mayBeImpossible)
            answers.Add(new Answer(least, 0, 0, ""));
        return new Answers(Scores.Top(answers, answer => answer.Score, count));
    }

    // The original tells the two texts apart only where the question comes first: else all tokens count, and those of the question stand for
    // the words of the context that have their numbers.
    private bool[] Wanted(Encoding part)
    {
        if (QuestionFirst)
            return AnswerSpan.Wanted(part, ContextSequence, Model.Tokenizer.ClsId);
        var all = new bool[part.Count];
        all.AsSpan().Fill(true);
        return all;
    }

    private Answer ToAnswer(Encoding part, string context, AnswerSpan span, bool align)
    {
        var (first, last) = (span.Start, span.End);
        if (align && part.WordIds[first] is { } firstWord && part.WordIds[last] is { } lastWord
            && TokensOf(firstWord, part) is { } head && TokensOf(lastWord, part) is { } tail)
            (first, last) = (head.First, tail.Last);
        var (from, to) = (part.Offsets[first].Start, Math.Min(part.Offsets[last].End, context.Length));
        return new Answer(span.Score, part.CodePointOffsets[first].Start, part.CodePointOffsets[last].End, to > from ? context[from..to] : "");
    }

    // The tokens of a word of the context; null if the window has none of it. Words of the question have the same numbers.
    private (int First, int Last)? TokensOf(int word, Encoding part)
    {
        var (first, last) = (-1, -1);
        for (var i = 0; i < part.Count; i++)
        {
            if (part.SequenceIds[i] != ContextSequence || part.WordIds[i] != word)
                continue;
            if (first < 0)
                first = i;
            last = i;
        }
        return first < 0 ? null : (first, last);
    }
}
