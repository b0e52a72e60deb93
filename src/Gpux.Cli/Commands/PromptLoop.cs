using Gpux.Cli.Terminals;
using Gpux.Models.Projects;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

/// <summary>Answers one input after another that a person types.</summary>
/// <param name="timeout">How long an answer may take; null for any time.</param>
internal sealed class PromptLoop(Terminal terminal, Pipeline pipeline, PipelineArguments arguments, TimeSpan? timeout = null)
{
    private const string Quotes = "\"\"\"";

    public int Run(CancellationToken cancellationToken)
    {
        terminal.Note($"{terminal.Bold(pipeline.Model.Name)}: {pipeline.Task}. Enter asks; {Quotes} begins and ends several lines; Ctrl-C stops an answer, Ctrl-D or /bye ends.");
        using var line = new LineEditor(terminal);
        while (line.Read(">>> ", ReadMore) is { } text)
        {
            if (text.Trim() is "/bye" or "/exit")
                break;
            if (text.Trim().Length == 0)
                continue;
            Answer(text, cancellationToken);
        }
        return ExitCode.Done;

        bool ReadMore(string soFar) => Occurrences(soFar) == 1;
    }

    private void Answer(string text, CancellationToken cancellationToken)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // An interrupt ends the answer and not the program.
        void Stop(object? sender, ConsoleCancelEventArgs key)
        {
            key.Cancel = true;
            stopped.Cancel();
        }
        Application.Interrupt = Stop;
        try
        {
            var input = Input(text.Replace(Quotes, "", StringComparison.Ordinal).Trim('\n'));
            if (pipeline is TextGenerationPipeline generator && RunCommand.CanStream(arguments))
            {
                AnswerTime.Limit(timeout, token => generator.Stream(input, arguments, piece =>
                {
                    terminal.Output.Write(piece);
                    terminal.Output.Flush();
                }, token), stopped.Token);
                terminal.Output.WriteLine();
            }
            else
            {
                var answer = AnswerTime.Limit(timeout, token => pipeline.Run(input, arguments, token), stopped.Token);
                foreach (var note in answer.Notes)
                    terminal.Note($"note: {note}");
                AnswerText.Write(terminal, terminal.Output, answer);
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Output.WriteLine();
            terminal.Note("Stopped.");
        }
        catch (GpuxException exception)
        {
            terminal.Note($"{terminal.Red("error")} GPUX{(int)exception.Code}: {exception.Message}\n  {exception.Remedy}");
        }
        finally
        {
            Application.Interrupt = null;
            terminal.Output.Flush();
        }
    }

    private PipelineInput Input(string text)
    {
        if (SoundInputs.Has(pipeline))
            return new PipelineInput { Sound = SoundFile.Load(text.Trim(), pipeline.Model.Sounds.SamplingRate) };
        if (PipelineCatalog.TakesImage(pipeline.Task))
            return new PipelineInput { Image = ImageFile.Load(text.Trim()) };
        if (pipeline.Task != "question-answering")
            return PipelineInput.Of(text);
        // The question first, then the text that answers it.
        var parts = text.Split('\n', 2);
        return new PipelineInput { Question = parts[0], Context = parts.Length > 1 ? parts[1] : null };
    }

    private static int Occurrences(string text)
    {
        var count = 0;
        for (var at = text.IndexOf(Quotes, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Quotes, at + Quotes.Length, StringComparison.Ordinal))
            count++;
        return count;
    }
}
