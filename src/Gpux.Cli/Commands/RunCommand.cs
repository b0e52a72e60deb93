using System.CommandLine;
using Gpux.Cli.Pictures;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Batches;
using Gpux.Models.Detection;
using Gpux.Models.Precision;
using Gpux.Models.Projects;
using Gpux.Registries.Store;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

internal sealed class RunCommand : GpuxCommand
{
    public const string Summary = "Ask a model: a text, an image or a sound in, an answer out.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string[]> _input = new("input")
    {
        Description = "A text, or an image or a sound: a file, a folder, a pattern such as 'photos/*.jpg', - for standard input, or with --allow-url a web address; default: standard input, or a prompt. Several are compared with the first (sentence-similarity) or answered in turn.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly TextSource _source = new();
    private readonly RowOptions _rows = new();
    private readonly Option<string> _output = new("--output", "-o") { Description = "With --file: answer its rows (CSV, TSV, JSON lines, Parquet, or lines of text) into this .csv, .tsv or .jsonl. Goes on where an earlier run ended." };
    private readonly PromptOptions _prompt = new();
    private readonly Option<string> _task = new("--task") { Description = "What to do, if not what the model states: such as text-classification." };
    private readonly Option<string> _class = new("--class") { Description = "The class to build, such as BertModel; default: the one that config.json states." };
    private readonly Option<string[]> _set = new("--set", "-s") { Description = "NAME=VALUE: an argument of the task, by its name in transformers. Repeatable.", HelpName = "name=value" };
    private readonly Option<int?> _top = new("--top-k") { Description = "How many answers." };
    private readonly Option<string> _pair = new("--pair") { Description = "A second text that is read with the first." };
    private readonly Option<string> _context = new("--context") { Description = "The text that answers a question." };
    private readonly Option<string> _labels = new("--labels") { Description = "Labels to choose from, with commas between them (zero-shot-classification)." };
    private readonly Option<int?> _tokens = new("--max-new-tokens") { Description = "The most tokens to generate." };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "0 takes the likeliest token; higher is more various." };
    private readonly Option<int?> _seed = new("--seed") { Description = "Repeats what was drawn." };
    private readonly Option<string[]> _stop = new("--stop") { Description = "Ends the answer at this text. Repeatable." };
    private readonly Option<bool> _strict = new("--strict") { Description = "Refuse a text that is longer than the model takes, instead of cutting it." };
    private readonly Option<string> _save = new("--save") { Description = "Draw the answer over the image, to this PNG, JPEG or WebP file; of several images to this folder." };
    private readonly Option<bool> _allowUrl = new("--allow-url") { Description = "Fetch images from web addresses." };
    private readonly Option<string> _provider = new("--provider") { Description = "An execution provider of gpux devices, such as cuda or webgpu." };
    private readonly Option<bool> _requireGpu = new("--require-gpu") { Description = "Fail if anything is computed on the CPU." };
    private readonly Option<string> _precision = new("--precision") { Description = "fp32, the default: the weights as published; fp16, int8: converted once, and measured (gpux convert)." };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the CPU; default: one for each core." };

    public RunCommand(Services services) : base(services, "run", Summary,
        "gpux run samples/language-id \"Où est la gare ?\"", "gpux run samples/digits samples/inputs/digit-photo.jpg", "gpux run samples/storyteller \"It was\" --seed 1",
        "gpux run facebook/wav2vec2-base-960h speech.flac",
        "cat sentences.txt | gpux run samples/language-id --lines --json", "gpux run org/qa-model \"Who wrote it?\" --context \"Ada wrote it.\"", "gpux run samples/language-id --file reviews.csv --column text -o languages.csv")
    {
        Add(_model);
        Add(_input);
        _source.AddTo(this, _input);
        _rows.AddTo(this);
        _rows.AddPairTo(this);
        _prompt.AddTo(this);
        foreach (var option in (Option[])[_output, _task, _class, _set, _top, _pair, _context, _labels, _tokens, _temperature, _seed, _stop, _strict, _save, _allowUrl, _provider, _requireGpu, _precision, _threads])
            Add(option);
        _precision.AcceptOnlyFromAmong(PrecisionNames.All);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) => WithRuntimeAsync(() => AnswerAsync(parsed, cancellationToken));

    private async Task<int> AnswerAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (named, project) = Services.Project(parsed.GetRequiredValue(_model));
        var reference = project?.Model ?? named;
        var words = parsed.GetValue(_input) ?? [];
        var output = parsed.GetValue(_output);
        if (output is not null || _rows.IsGiven(parsed))
            return await AnswerRowsAsync(parsed, reference, project, words, output, cancellationToken);
        // What standard input holds, a text, an image or a sound, the task tells, which is known when the model is open.
        var readsLater = _source.IsWholeStandardInput(parsed, words);
        var inputs = readsLater ? ["-"] : _source.IsGiven(parsed, words) ? _source.Read(parsed, words) : null;
        var options = new OpenOptions(Preparation(parsed, reference), parsed.GetValue(_task))
        {
            Provider = parsed.GetValue(_provider),
            Project = project,
            RequireGpu = parsed.GetValue(_requireGpu),
            Threads = parsed.GetValue(_threads) ?? 0,
            IsForOneInput = inputs?.Count == 1,
        };
        using var pipeline = await Services.Library.OpenAsync(reference, options, Terminal.Progress, cancellationToken);
        var arguments = TaskArguments(parsed, project);
        // Who writes single characters knows when each is said.
        if (pipeline.Task == "automatic-speech-recognition" && Terminal.Json && !arguments.Has("return_timestamps") && pipeline.Model.Tokenizer.IsCtc)
            arguments.Set("return_timestamps", json => json.WriteStringValue("word"));
        if (inputs is null)
            return new PromptLoop(Terminal, pipeline, arguments, project?.Runtime.Timeout).Run(cancellationToken);
        var timeout = project?.Runtime.Timeout;
        var pictures = PictureOutput.For(pipeline.Task, parsed.GetValue(_save), Terminal, Services.Environment.Variable);
        var atOnce = project?.Runtime.BatchSize ?? 1;
        if (PipelineCatalog.TakesImage(pipeline.Task))
        {
            var images = ImageSource.Find(inputs, parsed.GetValue(_allowUrl));
            return await new MediaAnswers(Terminal, pipeline, arguments, pictures, timeout,
                (name, token) => new PipelineInput { Image = ImageSource.Load(name, Services.Environment, token) }).RunAsync(images, images.AreMany ? -1 : atOnce, cancellationToken);
        }
        if (SoundInputs.Has(pipeline))
        {
            var rate = pipeline.Model.Sounds.SamplingRate;
            return await new MediaAnswers(Terminal, pipeline, arguments, pictures, timeout,
                (name, _) => new PipelineInput { Sound = SoundFile.Load(name, rate) }).RunAsync(SoundFile.Find(inputs), atOnce, cancellationToken);
        }
        var asked = Shaped(pipeline.Task, readsLater ? _source.Read(parsed, words) : inputs, parsed);
        if (pipeline is TextGenerationPipeline generator && !Terminal.Json && asked.Count == 1 && CanStream(arguments))
            return AnswerTime.Limit(timeout, token => Stream(generator, asked[0].Input, arguments, token), cancellationToken);
        var answers = await InTurn.RunAsync(asked.Count, atOnce,
            (i, token) => AnswerTime.Limit(timeout, limited => pipeline.Run(asked[i].Input, arguments, limited), token), cancellationToken);
        foreach (var note in answers.SelectMany(answer => answer.Notes))
            Terminal.Note($"note: {note}");
        Terminal.Print(
            output =>
            {
                for (var i = 0; i < answers.Length; i++)
                {
                    if (answers.Length > 1)
                        output.WriteLine(Terminal.Dim(asked[i].Shown is { Length: > 100 } shown ? shown[..97] + "..." : asked[i].Shown));
                    AnswerText.Write(Terminal, output, answers[i]);
                }
            },
            json =>
            {
                if (answers.Length == 1)
                {
                    answers[0].WriteJson(json);
                    return;
                }
                json.WriteStartArray();
                foreach (var answer in answers)
                    answer.WriteItem(json);
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private PrepareOptions Preparation(ParseResult parsed, ModelReference reference)
    {
        if (parsed.GetValue(_class) is not null && OnnxVariant.Find(reference) is { } graph)
            throw new UsageException($"'{graph}' is a graph that is built, and --class says what to build.", "Leave --class out, or name the model that it was made of.");
        return new PrepareOptions(Lookup.PreferStore, ClassName: parsed.GetValue(_class)) { Precision = PrecisionNames.Parse(parsed.GetValue(_precision)) };
    }

    private async Task<int> AnswerRowsAsync(ParseResult parsed, ModelReference reference, ProjectFile? project, string[] words, string? output, CancellationToken cancellationToken)
    {
        if (words.Length > 0 || _source.FilePath(parsed) is not { } path)
            throw new UsageException("Rows are read from a file.", "Name it: --file reviews.csv --column text -o answers.csv");
        if (parsed.GetValue(_pair) is not null || parsed.GetValue(_context) is not null)
            throw new UsageException("--pair and --context are for single inputs.", "Name a column of the file with --pair-column.");
        var source = _rows.Open(path, parsed);
        var options = new OpenOptions(Preparation(parsed, reference), parsed.GetValue(_task))
        {
            Provider = parsed.GetValue(_provider),
            Project = project,
            RequireGpu = parsed.GetValue(_requireGpu),
            Threads = parsed.GetValue(_threads) ?? 0,
            IsForManyInputs = true,
        };
        using var pipeline = await Services.Library.OpenAsync(reference, options, Terminal.Progress, cancellationToken);
        var report = new RowReport(Terminal);
        var answers = new FileAnswers(pipeline, TaskArguments(parsed, project), options.Workers, report.Add);
        if (output is null or "-")
        {
            await using var stream = Console.OpenStandardOutput();
            return report.Finish(await answers.WriteAsync(source, stream, Terminal.Progress, cancellationToken), output: null);
        }
        return report.Finish(await answers.WriteAsync(source, output, Terminal.Progress, cancellationToken), output);
    }

    // What each task makes of the words of the command line.
    private List<Question> Shaped(string task, IReadOnlyList<string> inputs, ParseResult parsed)
    {
        if (task == "sentence-similarity" && inputs.Count > 1)
            return [new(inputs[0], new PipelineInput { Text = inputs[0], Sentences = [.. inputs.Skip(1)] })];
        // A query, then the texts that may answer it.
        if (task == "text-ranking" && inputs.Count > 1)
            return [.. inputs.Skip(1).Select(text => new Question(text, new PipelineInput { Text = inputs[0], Pair = text }))];
        return [.. inputs.Select(input => new Question(input, task == "question-answering"
            ? new PipelineInput { Question = input, Context = parsed.GetValue(_context) } : new PipelineInput { Text = input, Pair = parsed.GetValue(_pair) }))];
    }

    private sealed record Question(string Shown, PipelineInput Input);

    private PipelineArguments TaskArguments(ParseResult parsed, ProjectFile? project)
    {
        var arguments = new PipelineArguments { Strict = parsed.GetValue(_strict) || project?.Preprocessing.Truncation == false };
        if (parsed.GetValue(_top) is { } top)
            arguments.Set("top_k", json => json.WriteNumberValue(top));
        _prompt.Set(arguments, parsed);
        if (parsed.GetValue(_labels) is { } labels)
            arguments.Set("candidate_labels", json => json.WriteStringValue(labels));
        if (parsed.GetValue(_tokens) is { } tokens)
            arguments.Set("max_new_tokens", json => json.WriteNumberValue(tokens));
        if (parsed.GetValue(_temperature) is { } temperature)
        {
            arguments.Set("do_sample", json => json.WriteBooleanValue(temperature > 0));
            if (temperature > 0)
                arguments.Set("temperature", json => json.WriteNumberValue(temperature));
        }
        if (parsed.GetValue(_seed) is { } seed)
            arguments.Set("seed", json => json.WriteNumberValue(seed));
        if (parsed.GetValue(_stop) is { Length: > 0 } stops)
        {
            arguments.Set("stop_strings", json =>
            {
                json.WriteStartArray();
                foreach (var stop in stops)
                    json.WriteStringValue(stop);
                json.WriteEndArray();
            });
        }
        foreach (var pair in parsed.GetValue(_set) ?? [])
        {
            var sign = pair.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0)
                throw new UsageException($"--set is '{pair}', where NAME=VALUE was expected.", "Write --set top_k=3.");
            arguments.Set(pair[..sign], pair[(sign + 1)..]);
        }
        return arguments;
    }

    // Beams and several answers are known only at the end.
    internal static bool CanStream(PipelineArguments arguments) => !arguments.Has("num_beams") && !arguments.Has("num_return_sequences") && !arguments.Has("return_full_text");

    private int Stream(TextGenerationPipeline generator, PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        Terminal.ClearProgress();
        Terminal.Output.Write(Terminal.Dim(input.Text ?? ""));
        Terminal.Output.Flush();
        var result = generator.Stream(input, arguments, piece =>
        {
            Terminal.Output.Write(piece);
            Terminal.Output.Flush();
        }, cancellationToken);
        Terminal.Output.WriteLine();
        Terminal.Output.Flush();
        foreach (var note in result.Notes)
            Terminal.Note($"note: {note}");
        return ExitCode.Done;
    }
}
