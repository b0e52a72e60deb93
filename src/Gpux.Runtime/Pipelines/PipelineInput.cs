using System.Text.Json;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;

namespace Gpux.Runtime.Pipelines;

/// <summary>One input of a pipeline; which of its parts are needed is the task's matter.</summary>
public sealed record PipelineInput
{
    public string? Text { get; init; }

    /// <summary>A second text that is read with the first.</summary>
    public string? Pair { get; init; }

    /// <summary>A text that is already split into words.</summary>
    public IReadOnlyList<string>? Words { get; init; }
    public string? Question { get; init; }
    public string? Context { get; init; }

    /// <summary>What <see cref="Text"/> is compared with.</summary>
    public IReadOnlyList<string>? Sentences { get; init; }
    public Image? Image { get; init; }
    public Waveform? Sound { get; init; }

    /// <summary>The words that are read on <see cref="Image"/>.</summary>
    public IReadOnlyList<WordBox>? WordBoxes { get; init; }

    public static PipelineInput Of(string text) => new() { Text = text };

    /// <summary>Reads the forms that transformers' pipelines take: a text, or an object with the parts' names.</summary>
    /// <exception cref="PipelineInputException">Another form.</exception>
    /// <exception cref="ChatInputException">Messages of a chat.</exception>
    public static PipelineInput Parse(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => Of(json.GetString()!), // a string
        JsonValueKind.Object when IsMessage(json) => throw new ChatInputException(),
        JsonValueKind.Object when json.TryGetProperty("raw", out var raw) || json.TryGetProperty("array", out raw) => new PipelineInput { Sound = Samples(json, raw) },
        JsonValueKind.Object => new PipelineInput
        {
            Text = Part(json, "text") ?? Part(json, "source_sentence"),
            Pair = Part(json, "text_pair"),
            Question = Part(json, "question"),
            Context = Part(json, "context"),
            WordBoxes = json.TryGetProperty("word_boxes", out var boxes) ? WordBox.ParseAll(boxes) : null,
            Sentences = json.TryGetProperty("sentences", out var sentences) ? Texts(sentences) : null,
        },
        JsonValueKind.Array => new PipelineInput { Words = Texts(json) },
        _ => throw Unfit(json),
    };

    /// <exception cref="PipelineInputException">The part is missing.</exception>
    internal string RequireText(string task) => Text ?? throw new PipelineInputException(
        $"The task {task} takes a text.", "Give a text: gpux run MODEL \"TEXT\".");

    private static string? Part(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var part) || part.ValueKind == JsonValueKind.Null ? null
        : part.ValueKind == JsonValueKind.String ? part.GetString() : throw Unfit(part);

    private static Waveform Samples(JsonElement json, JsonElement raw)
    {
        if (raw.ValueKind != JsonValueKind.Array || raw.GetArrayLength() == 0
            || !json.TryGetProperty("sampling_rate", out var rate) || rate.ValueKind != JsonValueKind.Number || !rate.TryGetInt32(out var hertz) || hertz is < Waveform.MinSampleRate or > Waveform.MaxSampleRate)
            throw new PipelineInputException("Raw sound has no samples, or no sampling rate that is one.",
                $"Give {{\"raw\": [0.1, ...], \"sampling_rate\": 16000}}, with a rate from {Waveform.MinSampleRate} to {Waveform.MaxSampleRate}.");
        var samples = new float[raw.GetArrayLength()];
        var count = 0;
        foreach (var sample in raw.EnumerateArray())
        {
            samples[count++] = sample.ValueKind == JsonValueKind.Number && (float)sample.GetDouble() is var value && float.IsFinite(value) ? value
                : throw new PipelineInputException($"Sample {count} of raw sound is no finite number.", "Give numbers, usually from -1 to 1.");
        }
        return Waveform.FromSamples(samples, hertz);
    }

    /// <summary>Whether it is one message of a chat.</summary>
    internal static bool IsMessage(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("role", out _) && json.TryGetProperty("content", out _);

    private static string[] Texts(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw Unfit(json);
        var texts = new List<string>();
        foreach (var item in json.EnumerateArray())
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! // a string
                : throw (IsMessage(item) ? new ChatInputException() : (GpuxException)Unfit(item)));
        return [.. texts];
    }

    private static PipelineInputException Unfit(JsonElement json) => new(
        $"An input of the form {json.ValueKind} is not taken.", "Give a text, or an object with the names of the task's parts.");
}
