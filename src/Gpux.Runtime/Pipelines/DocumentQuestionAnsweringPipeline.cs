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
    private const int LongestAnswer = 15;
    private const int PageSide = 1000;

    public override string Task => "document-question-answering";

    // LayoutLM has learned that separators lie in the page's last corner; LayoutLMv3 puts them into the first.
    private bool SeparatorsAtEnd => Model.ConfigText("model_type") == "layoutlm";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "question", "word_boxes", "top_k", "max_answer_len", "handle_impossible_answer");
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
        var encoding = Model.Tokenizer.EncodeWords(question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), page);
        if (Model.MaxTokens is { } most && encoding.Count > most)
            throw new PipelineInputException($"Question and page have {encoding.Count} tokens, the model takes {most}.", "Give a part of the page's words.");
        var inputs = Model.Inputs([encoding]);
        inputs["bbox"] = Boxes(encoding, words);
        if (TakesPixels())
            foreach (var (name, tensor) in ImageInputs.Of(Model, input, Task))
                inputs[name] = tensor;
        using var outputs = Model.Run(inputs, cancellationToken);
        return Answer(encoding, page, Model.Finite(outputs, "start_logits").AsSpan<float>().ToArray(), Model.Finite(outputs, "end_logits").AsSpan<float>().ToArray(),
            count, longest, mayBeImpossible);
    }

    private DocumentAnswers Answer(Encoding encoding, string[] page, float[] starts, float[] ends, int count, int longest, bool mayBeImpossible)
    {
        var (spans, none) = AnswerSpan.Read(starts, ends, AnswerSpan.Wanted(encoding, sequence: 1, Model.Tokenizer.ClsId), count, longest);
        var answers = new List<DocumentAnswer>();
        foreach (var span in spans)
            if (encoding.WordIds[span.Start] is { } first && encoding.WordIds[span.End] is { } last)
                answers.Add(new DocumentAnswer(span.Score, last >= first ? string.Join(' ', page[first..(last + 1)]) : "", first, last));
        if (mayBeImpossible)
            answers.Add(new DocumentAnswer(none, "", 0, 0));
        return new DocumentAnswers(Scores.Top(answers, answer => answer.Score, count));
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
