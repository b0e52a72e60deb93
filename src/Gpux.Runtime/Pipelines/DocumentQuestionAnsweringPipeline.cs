using System.Collections.ObjectModel;
using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <param name="Start">The number of its first word on the page, from 0.</param>
/// <param name="End">The number of its last word.</param>
public readonly record struct DocumentAnswer(float Score, string Text, int Start, int End);

/// <summary>Answers, the likeliest first.</summary>
public sealed record DocumentAnswers(IReadOnlyList<DocumentAnswer> Candidates) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteOneOrMany(Candidates, static (json, answer) =>
        {
            json.WriteNumber("score", answer.Score);
            json.WriteString("answer", answer.Text);
            json.WriteNumber("start", answer.Start);
            json.WriteNumber("end", answer.End);
        });
    }
}

/// <summary>Which words on a page answer a question: LayoutLM and LayoutLMv3, with the words and their places given.</summary>
/// <remarks>GPUX does not read text off images. Source: transformers 5.23, pipelines/document_question_answering.py.</remarks>
internal sealed class DocumentQuestionAnsweringPipeline(PipelineModel model) : Pipeline(model)
{
    private const int LongestAnswer = 15, LongestStride = 256;
    private const int PageSide = 1000;

    public override string Task => "document-question-answering";

    // LayoutLM has learned that separators lie in the page's last corner; LayoutLMv3 puts them into the first.
    private bool SeparatorsAtEnd => Model.ConfigText("model_type") == "layoutlm";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "question", "word_boxes", "top_k", "max_answer_len", "handle_impossible_answer", "doc_stride", "max_seq_len", "padding");
        if ((arguments.Text("question") ?? input.Question) is not { Length: > 0 } question)
            throw new PipelineInputException("A question about the page is needed.", "gpux run MODEL page.png --set question=\"QUESTION\" --set word_boxes=...");
        if ((arguments.Value("word_boxes") is { } given ? WordBox.ParseAll(given) : input.WordBoxes) is not { Count: > 0 } words)
            throw new PipelineInputException("The words of the page and their boxes are needed: GPUX does not read text off images.",
                "Give word_boxes as [[\"Total\", [10, 900, 80, 920]], ...], in thousandths of the page, from a program that recognises text.");
        var count = arguments.Int("top_k", least: 1) ?? 1;
        var longest = arguments.Int("max_answer_len", least: 1) ?? LongestAnswer;
        var mayBeImpossible = arguments.Bool("handle_impossible_answer", false);

        var page = new string[words.Count];
        for (var i = 0; i < page.Length; i++)
            page[i] = words[i].Word;
        var encoding = Model.Tokenizer.EncodeWords(question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), page,
            new EncodeOptions { Truncation = Windows(arguments) });
        var pixels = TakesPixels() ? ImageInputs.Of(Model, input, Task) : ReadOnlyDictionary<string, Tensor>.Empty;
        var answers = new List<DocumentAnswer>();
        var least = 1_000_000f;
        foreach (var part in encoding.Overflow.Prepend(encoding))
        {
            var inputs = Model.Inputs([part]);
            inputs["bbox"] = Boxes(part, words);
            foreach (var (name, tensor) in pixels)
                inputs[name] = tensor;
            using var outputs = Model.Run(inputs, cancellationToken);
            var (spans, none) = AnswerSpan.Read(Model.Finite(outputs, "start_logits").AsSpan<float>().ToArray(), Model.Finite(outputs, "end_logits").AsSpan<float>().ToArray(),
                AnswerSpan.Wanted(part, sequence: 1, Model.Tokenizer.ClsId), count, longest);
            least = Math.Min(least, none);
            foreach (var span in spans)
                if (part.WordIds[span.Start] is { } first && part.WordIds[span.End] is { } last)
                    answers.Add(new DocumentAnswer(span.Score, last >= first ? string.Join(' ', page[first..(last + 1)]) : "", first, last));
        }
        if (mayBeImpossible)
            answers.Add(new DocumentAnswer(least, "", 0, 0));
        return new DocumentAnswers(Scores.Top(answers, answer => answer.Score, count));
    }

    // A page that is longer than the model takes is read in windows that overlap. Null where nothing bounds it.
    private Truncation? Windows(PipelineArguments arguments)
    {
        if (PipelineModel.Least(arguments.Int("max_seq_len", least: 1), Model.MaxTokens) is not { } longest)
            return null;
        return new Truncation
        {
            MaxLength = longest, Stride = arguments.Int("doc_stride", least: 0) ?? Math.Min(longest / 2, LongestStride), ReturnOverflow = true, Strategy = TruncationStrategy.OnlySecond,
        };
    }

    private Tensor Boxes(Encoding encoding, IReadOnlyList<WordBox> words)
    {
        var tensor = Tensor.Zeros(ElementType.Int64, new Shape(1, encoding.Count, 4));
        for (var i = 0; i < encoding.Count; i++)
        {
            var box = tensor.AsSpan<long>().Slice(4 * i, 4);
            if (encoding.SequenceIds[i] == 1 && encoding.WordIds[i] is { } word)
                (box[0], box[1], box[2], box[3]) = (words[word].XMin, words[word].YMin, words[word].XMax, words[word].YMax);
            else if (SeparatorsAtEnd && encoding.Ids[i] == Model.Tokenizer.SepId)
                box.Fill(PageSide);
        }
        return tensor;
    }

    private bool TakesPixels()
    {
        foreach (var input in Model.Session.Inputs)
            if (input.Name == "pixel_values")
                return true;
        return false;
    }
}
