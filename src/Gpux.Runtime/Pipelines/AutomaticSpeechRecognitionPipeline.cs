using System.Runtime.InteropServices;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Pipelines;

/// <summary>What is said in a sound, by a model that says a character in each frame (CTC): the likeliest, repeated ones once.</summary>
/// <remarks>Source: Graves et al. 2006 for CTC; transformers 5.23, AutomaticSpeechRecognitionPipeline.</remarks>
internal sealed class AutomaticSpeechRecognitionPipeline(PipelineModel model) : Pipeline(model)
{
    // What attention over all frames needs grows with the square of their number.
    private static readonly TimeSpan LongestWhole = TimeSpan.FromMinutes(10);
    private const int SecondsOfPart = 30;

    // Of wav2vec 2.0 and its kin, and of wav2vec2-BERT, where the configuration leaves it out.
    private const int UsualStride = 320, UsualFeatures = 160;

    public override string Task => "automatic-speech-recognition";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "chunk_length_s", "stride_length_s", "return_timestamps");
        var sound = SoundInputs.Require(input, Task).At(Model.Sounds.SamplingRate);
        var unit = Unit(arguments);
        var notes = new List<string>();
        if (sound.Duration > LongestWhole && !arguments.Has("chunk_length_s") && SamplesPerFrame() is not null)
        {
            notes.Add($"The sound is {sound.Duration:c} long, and was heard in parts of {SecondsOfPart} seconds; chunk_length_s sets another length.");
            arguments = arguments.With("chunk_length_s", json => json.WriteNumberValue(SecondsOfPart));
        }
        var ids = new List<int>();
        if (SpeechChunks.Read(arguments, sound.SampleRate, SamplesPerFrame() ?? 1) is { } chunks)
        {
            foreach (var chunk in chunks.Of(sound))
            {
                var heard = Hear(chunk.Sound, notes, cancellationToken);
                ids.AddRange(heard.AsSpan(chunk.Counted(RequireSamplesPerFrame("chunk_length_s"), heard.Length)));
            }
        }
        else
        {
            ids.AddRange(Hear(sound, notes, cancellationToken));
        }
        var text = Spelled(CollectionsMarshal.AsSpan(ids), unit);
        return new Transcript(text.Text, unit switch
        {
            TimeUnit.None => null,
            TimeUnit.Character => Timed(text.Characters, sound.SampleRate),
            _ => Timed(text.Words, sound.SampleRate),
        }) { Notes = notes };
    }

    private enum TimeUnit
    {
        None,
        Character,
        Word,
    }

    private static TimeUnit Unit(PipelineArguments arguments) => !arguments.Has("return_timestamps") || arguments.IsNull("return_timestamps") ? TimeUnit.None
        : arguments.Text("return_timestamps") switch
        {
            "char" => TimeUnit.Character,
            "word" => TimeUnit.Word,
            _ => throw arguments.Unfit("return_timestamps", "char or word was expected"),
        };

    /// <summary>The likeliest token of each frame.</summary>
    private int[] Hear(Waveform sound, List<string> notes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var outputs = Model.Run(SoundInputs.Of(Model, sound, notes), cancellationToken);
        var logits = Model.Finite(outputs, "logits");
        if (logits.Shape.Rank != 3 || logits.Shape[0] != 1 || logits.Shape[2] == 0)
            throw new PipelineInputException($"{Model.Name} gives logits of the shape {logits.Shape}, where one row of scores for each frame was expected.",
                "Take a model that was trained with CTC, such as facebook/wav2vec2-base-960h.");
        var vocabulary = (int)logits.Shape[2];
        var ids = new int[logits.Shape[1]];
        for (var frame = 0; frame < ids.Length; frame++)
            ids[frame] = Scores.ArgMax(logits.AsSpan<float>().Slice(frame * vocabulary, vocabulary));
        return ids;
    }

    private CtcText Spelled(ReadOnlySpan<int> ids, TimeUnit unit)
    {
        if (Model.Tokenizer.IsCtc)
            return Model.Tokenizer.DecodeFrames(ids);
        // Models of word pieces, such as Parakeet: what the padding token stands for here is the blank.
        if (unit != TimeUnit.None)
            throw new PipelineArgumentException("return_timestamps", $"The tokenizer of {Model.Name} writes no single characters, so that no times are known.", "Leave 'return_timestamps' out.");
        var blank = Model.Tokenizer.PadId ?? Model.ConfigInt("pad_token_id") ?? throw new PipelineInputException(
            $"The tokenizer of {Model.Name} has no padding token, which a model trained with CTC needs for its blank.", "Take a model that was trained with CTC.");
        var said = new List<int>();
        for (var frame = 0; frame < ids.Length; frame++)
            if (ids[frame] != blank && (frame == 0 || ids[frame] != ids[frame - 1]))
                said.Add(ids[frame]);
        return new CtcText(Model.Tokenizer.Decode(CollectionsMarshal.AsSpan(said)), [], []);
    }

    private TimedText[] Timed(IReadOnlyList<CtcRange> ranges, int sampleRate)
    {
        var step = RequireSamplesPerFrame("return_timestamps");
        return [.. ranges.Select(range => new TimedText(range.Text, (double)range.StartFrame * step / sampleRate, (double)range.EndFrame * step / sampleRate))];
    }

    private int RequireSamplesPerFrame(string argument) => SamplesPerFrame() ?? throw new PipelineArgumentException(argument,
        $"The configuration of {Model.Name} does not tell how many samples make a frame, so that no times are known.", $"Leave '{argument}' out.");

    // What the strides of the model's layers are together; null if its configuration has none.
    private int? SamplesPerFrame()
    {
        const long Most = 1 << 24;
        long product = 1;
        void Multiply(int? factor) => product = factor is > 0 && product * factor.Value < Most ? product * factor.Value : 0;
        if (Model.ConfigIntegers("conv_stride") is { Length: > 0 } strides)
        {
            foreach (var stride in strides)
                Multiply(stride);
        }
        else if (Model.ConfigText("model_type") is "wav2vec2" or "wav2vec2-conformer" or "hubert" or "wavlm" or "unispeech" or "unispeech-sat" or "data2vec-audio" or "sew" or "sew-d")
        {
            Multiply(UsualStride);
        }
        else if (Model.ConfigText("model_type") == "wav2vec2-bert")
        {
            // A hop of 160 samples for each band of 80.
            Multiply(Model.ConfigInt("feature_projection_input_dim") ?? UsualFeatures);
            Multiply(2);
            for (var layer = Model.ConfigFlag("add_adapter") ? Model.ConfigInt("num_adapter_layers") ?? 1 : 0; layer > 0 && product > 0; layer--)
                Multiply(Model.ConfigInt("adapter_stride") ?? 2);
        }
        else
        {
            return null;
        }
        return product > 0 ? (int)product : null;
    }
}
