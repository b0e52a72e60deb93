using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>A CLAP that fuses a long sound with three parts of it, made of the recorded one that does not: what is told apart from
/// it, and what must be equal.</summary>
public sealed class FusedClapTests : IDisposable
{
    private const string Recorded = "clap-audio-projection";
    private const int Channels = 16, Reduced = 4, Patch = 4; // patch_embeds_hidden_size, that by aff_block_r, patch_size
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Short_sounds_are_heard_as_without_fusion_and_long_ones_are_not()
    {
        if (!Corpus.IsWhole)
            return; // the recorded model is in the whole corpus alone
        using var plain = Open(ModelFiles.InFolder(Corpus.PathOf("models", Recorded, "repo")));
        using var fused = Open(Fused(random: new Random(1)));
        var (sound, parts) = (Random(new Shape(2, 1, 250, 16), seed: 2), Random(new Shape(2, 4, 250, 16), seed: 3));
        for (var row = 0; row < 2; row++)
            sound.AsSpan<float>().Slice(row * 4000, 4000).CopyTo(parts.AsSpan<float>()[(row * 16000)..]); // the first of four
        using var expected = plain.Run(new Dictionary<string, Tensor> { ["input_features"] = sound });
        using var heard = fused.Run(new Dictionary<string, Tensor> { ["input_features"] = parts, ["is_longer"] = Tensor.Of([false, true], new Shape(2, 1)) });

        var (wanted, actual) = (expected["audio_embeds"].AsSpan<float>().ToArray(), heard["audio_embeds"].AsSpan<float>().ToArray());
        Assert.All(wanted[..24].Zip(actual[..24]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Contains(wanted[24..].Zip(actual[24..]), pair => Math.Abs(pair.First - pair.Second) > 1e-2);
    }

    /// <summary>Without weights the shares are halves, and parts that are zero leave the whole as it is.</summary>
    [Fact]
    public void Silent_parts_change_nothing()
    {
        if (!Corpus.IsWhole)
            return; // as above
        using var plain = Open(ModelFiles.InFolder(Corpus.PathOf("models", Recorded, "repo")));
        using var fused = Open(Fused(random: null));
        var (sound, parts) = (Random(new Shape(1, 1, 256, 16), seed: 2), Random(new Shape(1, 4, 256, 16), seed: 3));
        sound.AsSpan<float>().CopyTo(parts.AsSpan<float>());
        using var expected = plain.Run(new Dictionary<string, Tensor> { ["input_features"] = sound });
        using var actual = fused.Run(new Dictionary<string, Tensor> { ["input_features"] = parts, ["is_longer"] = Tensor.Of([true], new Shape(1, 1)) });
        Assert.True(TensorComparison.Compare(expected["audio_embeds"], actual["audio_embeds"], new Tolerance(1e-5, 1e-4)).Within);
    }

    // The recorded model with what fusion needs; zeros without a source of numbers.
    private ModelFiles Fused(Random? random)
    {
        var published = ModelFiles.InFolder(Corpus.PathOf("models", Recorded, "repo"));
        var data = new CheckpointData(published);
        var tensors = CheckpointReader.Read(published, "model.safetensors").Tensors.Values.ToDictionary(tensor => tensor.Name, data.Open);
        void Add(string name, params long[] shape) => tensors[$"audio_model.audio_encoder.patch_embed.{name}"] =
            Tensor.Of([.. Enumerable.Range(0, (int)new Shape(shape).ElementCount).Select(_ => random is null ? 0 : random.NextSingle() - 0.3f)], new Shape(shape));
        void Norm(string name, long channels)
        {
            foreach (var part in (ReadOnlySpan<string>)["weight", "bias", "running_mean", "running_var"])
                Add($"{name}.{part}", channels);
            tensors[$"audio_model.audio_encoder.patch_embed.{name}.running_var"].AsSpan<float>().Fill(1);
        }
        Add("mel_conv2d.weight", Channels, 1, Patch, 3 * Patch);
        Add("mel_conv2d.bias", Channels);
        foreach (var (module, first) in ((string, int)[])[("local_att", 0), ("global_att", 1)])
        {
            Add($"fusion_model.{module}.{first}.weight", Reduced, Channels, 1, 1);
            Add($"fusion_model.{module}.{first}.bias", Reduced);
            Norm($"fusion_model.{module}.{first + 1}", Reduced);
            Add($"fusion_model.{module}.{first + 3}.weight", Channels, Reduced, 1, 1);
            Add($"fusion_model.{module}.{first + 3}.bias", Channels);
            Norm($"fusion_model.{module}.{first + 4}", Channels);
        }
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), tensors);
        var config = JsonNode.Parse(File.ReadAllText(published.Require("config.json")))!.AsObject(); // a recorded object
        config["enable_fusion"] = true;
        config["fusion_type"] = "aff_2d";
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.ToJsonString());
        return ModelFiles.InFolder(_folder);
    }

    private static InferenceSession Open(ModelFiles files)
    {
        var (graph, result) = Converter.WriteInMemory(Converter.Plan(files, new ConversionOptions()), files, []);
        return InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder });
    }

    private static Tensor Random(Shape shape, int seed)
    {
        var random = new Random(seed);
        return Tensor.Of<float>([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextSingle() * 2 - 1)], shape);
    }
}
