using Gpux.Cli.Pictures;
using Gpux.Cli.Terminals;
using Gpux.Models.Projects;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

/// <summary>Asks a model about images or sounds. Each is read when its turn comes, so that a folder may hold more than memory does; what is
/// wrong with one of several keeps it from none of the others.</summary>
/// <param name="load">Reads one by its name.</param>
internal sealed class MediaAnswers(
    Terminal terminal, Pipeline pipeline, PipelineArguments arguments, PictureOutput pictures, TimeSpan? timeout, Func<string, CancellationToken, PipelineInput> load)
{
    /// <param name="Shown">The drawn answer; null where it is not shown.</param>
    /// <param name="Saved">Where it was written; null where it was not.</param>
    private sealed record MediaAnswer(PipelineResult Result, Image? Shown, string? Saved);

    /// <param name="atOnce">How many are read and computed at the same time; -1 for as many as the machine has cores.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(MediaFiles files, int atOnce, CancellationToken cancellationToken)
    {
        pictures.IsFolder = files.AreMany || files.Names.Count > 1;
        return pictures.IsFolder
            ? Print(await FileBatch.RunAsync(files.Names, Answer, cancellationToken, atOnce), files.AreMany)
            : Print(Answer(files.Names[0], cancellationToken));
    }

    private MediaAnswer Answer(string name, CancellationToken cancellationToken)
    {
        var input = load(name, cancellationToken);
        var result = AnswerTime.Limit(timeout, token => pipeline.Run(input, arguments, token), cancellationToken);
        var (shown, saved) = input.Image is { } image ? pictures.Add(name, image, result) : (null, null);
        return new MediaAnswer(result, shown, saved);
    }

    private int Print(MediaAnswer answer)
    {
        terminal.Print(output => Write(output, answer), answer.Result.WriteJson);
        Note(answer);
        return ExitCode.Done;
    }

    private int Print(FileBatch<MediaAnswer> batch, bool areMany)
    {
        terminal.Print(
            output =>
            {
                foreach (var (name, answer, _) in batch.Results)
                {
                    if (answer is null)
                        continue;
                    output.WriteLine(terminal.Dim(TerminalText.Safe(name)));
                    Write(output, answer);
                }
            },
            json =>
            {
                // Who names files one by one knows which answer is whose.
                if (!areMany)
                {
                    batch.WriteItems(json, answer => answer.Result.WriteItem(json));
                    return;
                }
                batch.Write(json, answer =>
                {
                    json.WritePropertyName("answer");
                    answer.Result.WriteJson(json);
                });
            });
        foreach (var result in batch.Results)
            if (result.Value is { } answer)
                Note(answer);
        return batch.Finish(terminal, "without an answer");
    }

    private void Write(TextWriter output, MediaAnswer answer)
    {
        pictures.Show(output, answer.Shown);
        AnswerText.Write(terminal, output, answer.Result);
    }

    private void Note(MediaAnswer answer)
    {
        foreach (var note in answer.Result.Notes)
            terminal.Note($"note: {note}");
        if (answer.Saved is not null && !terminal.Json)
            terminal.Note($"written to {TerminalText.Safe(answer.Saved)}");
    }
}
