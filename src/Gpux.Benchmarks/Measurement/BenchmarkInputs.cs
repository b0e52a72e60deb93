using System.Collections.Immutable;
using System.Text.Json;
using Gpux.Models.Precision;
using Gpux.Models.Suitability;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Inputs for a session that are of the sizes of real ones: tokens of the asked number, images and sounds as the model's processor makes them.</summary>
/// <param name="Tensors">All that the model needs.</param>
/// <param name="Tokens">Of each row; null where none go in.</param>
/// <param name="Description">Of what is no text; null for tokens.</param>
internal sealed record BenchmarkInputs(IReadOnlyDictionary<string, Tensor> Tensors, int? Tokens, string? Description)
{
    public const int UsualTokens = 128;
    public const int UsualNewTokens = 64;
    public const string PictureDescription = "an image of 640 x 480 pixels";
    public const string SoundDescription = "a sound of 10 s";
    private const int PictureWidth = 640, PictureHeight = 480;
    private const int SoundSeconds = 10;
    private const int PositionsOfPadding = 2;

    /// <param name="sequence">Tokens of each row; null for <see cref="UsualTokens"/>, or as many as the model takes.</param>
    /// <exception cref="UnfitWorkloadException">The model does not take so many.</exception>
    public static BenchmarkInputs Make(PipelineModel model, int batch, int? sequence, int seed)
    {
        var inputs = model.Session.Inputs;
        var made = SyntheticInputs.Make(inputs, ModelDescription.ReadConfig(model.Files), batch, seed, Length(model, sequence, newTokens: 0));
        var description = Processed(model, inputs, made, batch, seed);
        var complete = ModelInputs.Complete(inputs, made);
        return new BenchmarkInputs(complete, complete.TryGetValue("input_ids", out var ids) && ids.Shape.Rank == 2 ? (int)ids.Shape[1] : null, description);
    }

    /// <summary>Tokens of a row: those asked for, or the usual number, or fewer if the model takes fewer.</summary>
    /// <param name="newTokens">That follow them.</param>
    /// <exception cref="UnfitWorkloadException">The model does not take so many.</exception>
    public static int Length(PipelineModel model, int? asked, int newTokens)
    {
        var positions = Positions(model) ?? int.MaxValue;
        var most = positions - newTokens;
        if (asked > most || most < 1)
            throw new UnfitWorkloadException($"{model.Name} has {positions} positions, where {asked ?? 1} tokens and {newTokens} new ones were asked for.");
        // The configuration of a half does not tell whether it counts positions from behind the padding token, as RoBERTa's kin do.
        return asked ?? Math.Min(UsualTokens, model.MaxPositions is null && most > PositionsOfPadding ? most - PositionsOfPadding : most);
    }

    /// <summary>The most tokens that a model has positions for; null if nothing bounds them.</summary>
    public static int? Positions(PipelineModel model)
    {
        if (model.MaxPositions is { } own)
            return own;
        // Of a model that reads and sees, of the half that reads.
        var config = ModelDescription.ReadConfig(model.Files);
        return config.ValueKind == JsonValueKind.Object && config.TryGetProperty("text_config", out var half) && half.ValueKind == JsonValueKind.Object
            && half.TryGetProperty("max_position_embeddings", out var positions) && positions.ValueKind == JsonValueKind.Number && positions.TryGetInt32(out var count) && count > 0 ? count : null;
    }

    /// <summary>Noise: as hard to read as any picture.</summary>
    public static Image MadePicture(Random chance)
    {
        var pixels = new byte[PictureWidth * PictureHeight * 3];
        chance.NextBytes(pixels);
        return Image.FromPixels(PictureWidth, PictureHeight, pixels);
    }

    public static Waveform MadeSound(int rate, int seed)
    {
        var chance = new Random(seed);
        var samples = new float[rate * SoundSeconds];
        foreach (ref var sample in samples.AsSpan())
            sample = chance.NextSingle() / 5 - 0.1f;
        return Waveform.FromSamples(samples, rate);
    }

    // In place of what was made up, wherever the model says how inputs are made of images and sounds.
    private static string? Processed(PipelineModel model, ImmutableArray<ValueInfo> inputs, Dictionary<string, Tensor> made, int batch, int seed)
    {
        try
        {
            if (made.ContainsKey("pixel_values"))
            {
                var picture = MadePicture(new Random(seed));
                Replace(model.Images.Process([.. Enumerable.Repeat(picture, batch)]).Tensors);
                return PictureDescription;
            }
            if ((made.ContainsKey("input_values") || made.ContainsKey("input_features")) && FeatureExtractor.IsDescribed(model.Files.Find))
            {
                var sound = MadeSound(model.Sounds.SamplingRate, seed);
                Replace(model.Sounds.Extract([.. Enumerable.Repeat(sound, batch)]).Tensors);
                return SoundDescription;
            }
        }
        catch (GpuxException)
        {
            // A processor that is missing or not known: sizes are those of config.json.
        }
        return made.Keys.FirstOrDefault(name => name is not "input_ids") is { } other && !made.ContainsKey("input_ids")
            ? $"{other} {made[other].Shape}" : null;

        void Replace(IReadOnlyDictionary<string, Tensor> tensors)
        {
            foreach (var input in inputs)
                if (tensors.TryGetValue(input.Name, out var tensor) && tensor.ElementType == input.ElementType)
                    made[input.Name] = tensor;
        }
    }
}

/// <summary>A model does not take what was to be measured.</summary>
public sealed class UnfitWorkloadException(string problem, string remedy = "Ask for fewer tokens (--sequence, --tokens), or measure a model that takes more.")
    : GpuxException(ErrorCode.UnfitWorkload, problem, remedy);
