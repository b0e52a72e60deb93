using System.Globalization;
using Gpux.Cli.Terminals;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

/// <summary>Answers as people read them.</summary>
internal static class AnswerText
{
    private const int BarCells = 20;
    private const int ShownNumbers = 6;

    public static void Write(Terminal terminal, TextWriter output, PipelineResult answer)
    {
        switch (answer)
        {
            case LabelScores labels:
                WriteBars(terminal, output, labels.Labels);
                break;
            case ZeroShotLabels labels:
                WriteBars(terminal, output, labels.Labels);
                break;
            case SoundLabels labels:
                WriteBars(terminal, output, labels.Labels);
                break;
            case Transcript transcript:
                WriteTranscript(terminal, output, transcript);
                break;
            case Entities entities:
                var table = new Table("text", "class", "score", "at").AlignRight(2);
                foreach (var entity in entities.Found)
                    table.Row(entity.Word.Trim(), entity.Label, Score(entity.Score), $"{entity.Start}-{entity.End}");
                table.Write(terminal, output);
                break;
            case MaskFills fills:
                foreach (var mask in fills.Masks)
                {
                    foreach (var fill in mask)
                        output.WriteLine($"{Score(fill.Score)}  {terminal.Bold(fill.TokenText.Trim())}  {terminal.Dim(fill.Sequence)}");
                }
                break;
            case Answers answers:
                foreach (var candidate in answers.Candidates)
                    output.WriteLine($"{(candidate.Text.Length > 0 ? terminal.Bold(candidate.Text) : "(no answer)")} {Score(candidate.Score)}  {terminal.Dim($"at {candidate.Start}-{candidate.End}")}");
                break;
            case Similarities similarities:
                foreach (var (sentence, value) in similarities.Sentences.Zip(similarities.Values).OrderByDescending(pair => pair.Second))
                    output.WriteLine($"{Score(value),5}  {Bar(value, terminal)}  {sentence}");
                break;
            case GeneratedTexts texts:
                foreach (var text in texts.Texts)
                    output.WriteLine(text);
                break;
            case ImageLabels labels:
                WriteBars(terminal, output, labels.Labels);
                break;
            case DocumentAnswers answers:
                foreach (var candidate in answers.Candidates)
                    output.WriteLine($"{(candidate.Text.Length > 0 ? terminal.Bold(candidate.Text) : "(no answer)")} {Score(candidate.Score)}  {terminal.Dim($"words {candidate.Start}-{candidate.End}")}");
                break;
            case DetectedObjects objects:
                WriteObjects(terminal, output, objects);
                break;
            case ImageRegions regions:
                WriteRegions(terminal, output, regions);
                break;
            case DepthMap depth:
                WriteNumbers(terminal, output, depth.Depth);
                break;
            case Features { Values: { ElementType: ElementType.Float32, Shape.ElementCount: 1 } score }:
                output.WriteLine($"{score.AsSpan<float>()[0]:0.0000}");
                break;
            case Features features:
                WriteNumbers(terminal, output, features.Values);
                break;
        }
    }

    private static void WriteObjects(Terminal terminal, TextWriter output, DetectedObjects objects)
    {
        if (objects.Objects.Count == 0)
        {
            output.WriteLine("(nothing found; a lower --set threshold=... finds more)");
            return;
        }
        var table = new Table("class", "score", "left", "top", "right", "bottom").AlignRight(1, 2, 3, 4, 5);
        foreach (var found in objects.Objects)
            table.Row(found.Label, Score(found.Score), Whole(found.XMin), Whole(found.YMin), Whole(found.XMax), Whole(found.YMax));
        table.Write(terminal, output);
    }

    private static void WriteRegions(Terminal terminal, TextWriter output, ImageRegions regions)
    {
        if (regions.Regions.Count == 0)
        {
            output.WriteLine("(no regions; a lower --set threshold=... finds more)");
            return;
        }
        var table = new Table("class", "score", "share").AlignRight(1, 2);
        foreach (var (score, label, id) in regions.Regions)
        {
            var inside = regions.Map.AsSpan().Count(id);
            table.Row(label, score is { } known ? Score((float)known) : "", ((double)inside / regions.Map.Length).ToString("P1", CultureInfo.InvariantCulture));
        }
        table.Write(terminal, output);
    }

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void WriteBars(Terminal terminal, TextWriter output, IReadOnlyList<LabelScore> labels)
    {
        var width = labels.Max(label => TextWidth.Of(label.Label));
        for (var i = 0; i < labels.Count; i++)
        {
            var name = labels[i].Label + new string(' ', width - TextWidth.Of(labels[i].Label));
            var line = $"{(i == 0 ? terminal.Bold(name) : name)} {Score(labels[i].Score)}";
            output.WriteLine(labels.Count > 1 && labels.All(label => label.Score is >= 0 and <= 1) ? $"{line}  {Bar(labels[i].Score, terminal)}".TrimEnd() : line);
        }
    }

    private static void WriteTranscript(Terminal terminal, TextWriter output, Transcript transcript)
    {
        if (transcript.Chunks is not { Count: > 0 } chunks)
        {
            output.WriteLine(transcript.Text);
            return;
        }
        var table = new Table("from", "to", "text").AlignRight(0, 1);
        foreach (var chunk in chunks)
            table.Row(Seconds(chunk.StartSeconds), Seconds(chunk.EndSeconds), chunk.Text);
        table.Write(terminal, output);
    }

    private static string Seconds(double seconds) => seconds.ToString("0.00", CultureInfo.InvariantCulture) + " s";

    private static string Bar(float share, Terminal terminal)
    {
        var cells = Math.Clamp((int)Math.Round(share * BarCells), 0, BarCells);
        return terminal.Cyan(new string('█', cells)) + new string(' ', BarCells - cells);
    }

    private static void WriteNumbers(Terminal terminal, TextWriter output, Tensor values)
    {
        var numbers = values.AsSpan<float>();
        var shown = new string[Math.Min(ShownNumbers, numbers.Length)];
        for (var i = 0; i < shown.Length; i++)
            shown[i] = numbers[i].ToString("0.####", CultureInfo.InvariantCulture);
        output.WriteLine($"{terminal.Bold($"{values.ElementType}{values.Shape}")} {string.Join(", ", shown)}{(numbers.Length > shown.Length ? ", ..." : "")}");
        output.WriteLine(terminal.Dim("All of it: --json"));
    }

    // What is not certain is not shown as 1.00.
    private static string Score(float score) => (score is > 0.99f and < 1 ? 0.99f : score).ToString("0.00", CultureInfo.InvariantCulture);
}
