using Gpux.Cli.Pictures;
using Gpux.Cli.Terminals;
using Gpux.Models.Projects;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

/// <summary>Asks a model about images. Each is read when its turn comes, so that a folder may hold more than memory does.</summary>
internal sealed class ImageAnswers(Services services, Pipeline pipeline, PipelineArguments arguments, PictureOutput pictures, TimeSpan? timeout)
{
    /// <param name="Shown">The drawn answer; null where it is not shown.</param>
    /// <param name="Saved">Where it was written; null where it was not.</param>
    private sealed record ImageAnswer(PipelineResult Result, Image? Shown, string? Saved);

    private Terminal Terminal => services.Terminal;

    /// <param name="atOnce">How many of the images that were named one by one.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ImageSource source, int atOnce, CancellationToken cancellationToken)
    {
        var names = source.Names;
        pictures.IsFolder = source.AreMany || names.Count > 1;
        if (source.AreMany)
            return PrintBatch(FileBatch.Run(names, name => Answer(name, cancellationToken), cancellationToken));
        var answers = await InTurn.RunAsync(names.Count, atOnce, (i, token) => Answer(names[i], token), cancellationToken);
        Terminal.Print(
            output =>
            {
                for (var i = 0; i < answers.Length; i++)
                    Write(output, answers.Length > 1 ? names[i] : null, answers[i]);
            },
            json =>
            {
                if (answers.Length == 1)
                {
                    answers[0].Result.WriteJson(json);
                    return;
                }
                json.WriteStartArray();
                foreach (var answer in answers)
                    answer.Result.WriteItem(json);
                json.WriteEndArray();
            });
        NoteSaved(answers);
        return ExitCode.Done;
    }

    private int PrintBatch(FileBatch<ImageAnswer> batch)
    {
        Terminal.Print(
            output =>
            {
                foreach (var (name, answer, _) in batch.Results)
                    if (answer is not null)
                        Write(output, name, answer);
            },
            json => batch.Write(json, answer =>
            {
                json.WritePropertyName("answer");
                answer.Result.WriteJson(json);
            }));
        NoteSaved(batch.Results.Select(result => result.Value).OfType<ImageAnswer>());
        return batch.Finish(Terminal);
    }

    private ImageAnswer Answer(string name, CancellationToken cancellationToken)
    {
        var image = ImageSource.Load(name, services.Environment, cancellationToken);
        var result = AnswerTime.Limit(timeout, token => pipeline.Run(new PipelineInput { Image = image }, arguments, token), cancellationToken);
        var (shown, saved) = pictures.Add(name, image, result);
        return new ImageAnswer(result, shown, saved);
    }

    private void Write(TextWriter output, string? name, ImageAnswer answer)
    {
        if (name is not null)
            output.WriteLine(Terminal.Dim(TerminalText.Safe(name)));
        pictures.Show(output, answer.Shown);
        AnswerText.Write(Terminal, output, answer.Result);
    }

    private void NoteSaved(IEnumerable<ImageAnswer> answers)
    {
        foreach (var answer in answers)
        {
            foreach (var note in answer.Result.Notes)
                Terminal.Note($"note: {note}");
            if (answer.Saved is not null && !Terminal.Json)
                Terminal.Note($"written to {TerminalText.Safe(answer.Saved)}");
        }
    }
}
