using System.Text;
using System.Text.Json;
using Gpux.Runtime.Generation;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>Texts that continue a prompt.</summary>
/// <param name="StopReason">Why the first of them ended.</param>
public sealed record GeneratedTexts(IReadOnlyList<string> Texts, StopReason StopReason, int TokenCount) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var text in Texts)
        {
            json.WriteStartObject();
            json.WriteString("generated_text", text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

/// <summary>Continues a text token by token.</summary>
public sealed class TextGenerationPipeline(PipelineModel model) : Pipeline(model)
{
    // What the original generates where neither the caller nor the model chose a length.
    private const int DefaultNewTokens = 256;
    private static readonly DecodeOptions Plain = new() { SkipSpecialTokens = true };

    public override string Task => "text-generation";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        var (config, seed) = Settings(arguments);
        var prompt = Prompt(input, arguments, config, notes);
        using var decoder = Decoder(config, cancellationToken);
        var result = new TokenGenerator(decoder, config, Options(seed)).Generate(TokenBatch.Of(prompt), cancellationToken);
        var whole = arguments.Bool("return_full_text", true);
        var text = input.RequireText(Task);
        var texts = result.Sequences.Select(sequence => (whole ? text : "") + Continuation(prompt, sequence.Tokens));
        return new GeneratedTexts([.. texts], result.Sequences[0].StopReason, result.Sequences.Sum(sequence => sequence.Tokens.Length)) { Notes = notes };
    }

    /// <summary>Continues a text, and hands out each piece as soon as it is certain.</summary>
    /// <param name="piece">Takes the pieces; together they are the text that <see cref="Run"/> would append.</param>
    /// <param name="token">Called at each token, before the piece that it may end.</param>
    public GeneratedTexts Stream(PipelineInput input, PipelineArguments arguments, Action<string> piece, CancellationToken cancellationToken, Action? token = null)
    {
        var notes = new List<string>();
        var (config, seed) = Settings(arguments);
        var prompt = Prompt(input, arguments, config, notes);
        using var decoder = Decoder(config, cancellationToken);
        var stream = new TokenGenerator(decoder, config, Options(seed)).Stream(TokenBatch.Of(prompt), cancellationToken);
        var text = Model.Tokenizer.DecodeStream(Plain);
        foreach (var id in prompt)
            text.Push(id); // what follows may depend on it, as a leading blank does
        var whole = new StringBuilder();
        var count = 0;
        foreach (var id in stream)
        {
            count++;
            token?.Invoke();
            Add(text.Push(id));
        }
        Add(text.Flush());
        return new GeneratedTexts([whole.ToString()], stream.StopReason ?? StopReason.Length, count) { Notes = notes };

        void Add(string more)
        {
            if (more.Length == 0)
                return;
            whole.Append(more);
            piece(more);
        }
    }

    private (GenerationConfig Config, ulong? Seed) Settings(PipelineArguments arguments)
    {
        arguments.Bool("return_full_text", true);
        var seed = arguments.Int("seed", least: 0);
        var config = GenerationConfig.Load(Model.Files);
        var capacity = Model.MaxTokens;
        config = config with { MaxPositionEmbeddings = config.MaxPositionEmbeddings ?? capacity };
        if (config.MaxLength is null && config.MaxNewTokens is null && !arguments.Has("max_length"))
            config = config with { MaxNewTokens = DefaultNewTokens };
        return (config.With(arguments.Except("return_full_text", "seed")), (ulong?)seed);
    }

    private int[] Prompt(PipelineInput input, PipelineArguments arguments, GenerationConfig config, List<string> notes)
    {
        var ids = Model.Tokenizer.Encode(input.RequireText(Task)).Ids.ToArray();
        // A text to begin with is needed: that of an empty prompt is the token that all texts begin with.
        if (ids.Length == 0)
            ids = [config.BosTokenId ?? Model.Tokenizer.BosId ?? throw new PipelineInputException("The prompt is empty.", "Give a text to continue.")];
        if (Model.MaxTokens is not { } longest || ids.Length < longest)
            return ids;
        if (arguments.Strict)
            throw new InputTooLongException(longest - 1);
        // The end of a prompt is what is continued; half the room is left for the answer.
        var kept = Math.Max(1, longest / 2);
        notes.Add($"The prompt was cut to its last {kept} tokens: the model takes {longest} with the answer.");
        return ids[^kept..];
    }

    private SessionDecoder Decoder(GenerationConfig config, CancellationToken cancellationToken) =>
        new(Model.Session, config.MaxPositionEmbeddings ?? int.MaxValue, cancellationToken);

    private GenerationOptions Options(ulong? seed) => new() { Seed = seed, Decode = ids => Model.Tokenizer.Decode(ids, Plain) };

    // The text of all tokens without that of the prompt, whose last token may change with what follows.
    private string Continuation(int[] prompt, int[] tokens)
    {
        var before = Model.Tokenizer.Decode(prompt, Plain);
        var all = Model.Tokenizer.Decode([.. prompt, .. tokens], Plain);
        return all.Length >= before.Length ? all[before.Length..] : "";
    }
}
