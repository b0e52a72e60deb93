using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>Settings of image models that no recorded model has: two spellings of one model, or the original's formula on a small one.</summary>
public sealed class VisionOptionsTests : IDisposable
{
    private const float Tolerance = 2e-5f;

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Absolute_positions_of_Swin_are_added_behind_the_first_norm()
    {
        var (config, weights) = Recorded("swin-model");
        const int Places = 256, Width = 12;
        var shift = Values(Width, seed: 1);
        AssertSame(
            Run("shifted", config, With(weights, "embeddings.norm.bias", Sum(weights["embeddings.norm.bias"], shift))),
            Run("placed", With(config, ("use_absolute_embeddings", true)),
                With(weights, "embeddings.position_embeddings", Of([.. Enumerable.Repeat(shift, Places).SelectMany(row => row)], 1, Places, Width))));
    }

    [Fact]
    public void Distances_of_Beit_are_stretched_to_the_image()
    {
        var (config, weights) = Recorded("beit-model");
        var (trained, larger) = (7, 11); // distances along a side of four patches, and of six
        var stretched = new Dictionary<string, Tensor>(weights);
        foreach (var name in weights.Keys.Where(name => name.EndsWith("relative_position_bias_table", StringComparison.Ordinal)))
            stretched[name] = Stretch(weights[name], trained, larger);
        var image = Of(Values(3 * 48 * 48, seed: 2), 1, 3, 48, 48);
        AssertSame(
            Run("stretched", With(config, ("image_size", 48)), stretched, image),
            Run("given", config, weights, image));
    }

    [Fact]
    public void First_configurations_of_Beit_call_the_stages_otherwise()
    {
        var (config, weights) = Recorded("beit-segmentation");
        var old = With(config, ("segmentation_indices", config["out_indices"]!.DeepClone())); // it segments
        old.Remove("out_indices");
        AssertSame(Run("new", config, weights), Run("old", old, weights));
    }

    [Fact]
    public void First_configurations_of_timm_hold_all_in_one()
    {
        var (config, weights) = Recorded("timm-vit_base_patch16_clip_224");
        var first = config["pretrained_cfg"]!.DeepClone().AsObject(); // as all of timm
        foreach (var name in (ReadOnlySpan<string>)["architecture", "num_features", "model_args"])
            first[name] = config[name]!.DeepClone();
        first["model_args"]!.AsObject().Remove("img_size");
        first["model_args"]!.AsObject().Remove("num_classes");
        AssertSame(Run("nested", config, weights), Run("flat", first, weights));
    }

    [Fact]
    public void EvoNorm_divides_by_the_deviation_of_groups()
    {
        const int Channels = 16;
        var weights = new Dictionary<string, Tensor>
        {
            ["conv_stem.weight"] = Of(Values(Channels * 3, seed: 3), Channels, 3, 1, 1),
            ["bn1.weight"] = Of(Values(Channels, seed: 4), Channels),
            ["bn1.bias"] = Of(Values(Channels, seed: 5), Channels),
            ["bn1.v"] = Of(Values(Channels, seed: 6), Channels),
        };
        var image = Of(Values(3 * 6 * 6, seed: 7), 1, 3, 6, 6);
        var found = Run("evos", JsonNode.Parse("""{"architecture": "test_efficientnet_evos", "num_classes": 0}""")!.AsObject(), weights, image)["last_hidden_state"]; // an object
        AssertSame(Of(Evolved(image, weights, Channels), 1, Channels, 3, 3), found);
    }

    [Fact]
    public void Blocks_of_one_convolution_skip_only_where_the_architecture_says_so()
    {
        var weights = new Dictionary<string, Tensor>
        {
            ["conv_stem.weight"] = Of(Values(8 * 3, seed: 8), 8, 3, 1, 1),
            ["blocks.0.0.conv.weight"] = Of([.. Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 1f : 0f)], 8, 8, 1, 1),
            ["blocks.0.1.conv.weight"] = Of(new float[64], 8, 8, 1, 1),
        };
        foreach (var norm in (ReadOnlySpan<string>)["bn1", "blocks.0.0.bn1", "blocks.0.1.bn1"])
        {
            foreach (var part in (ReadOnlySpan<string>)["weight", "running_var"])
                weights[$"{norm}.{part}"] = Of(Enumerable.Repeat(1f, 8).ToArray(), 8);
            foreach (var part in (ReadOnlySpan<string>)["bias", "running_mean"])
                weights[$"{norm}.{part}"] = Of(new float[8], 8);
        }
        var image = Of(Values(3 * 4 * 4, seed: 9), 1, 3, 4, 4);
        Tensor Features(string entry) => Run(entry, JsonNode.Parse($$"""{"architecture": "{{entry}}", "num_classes": 0}""")!.AsObject(), weights, image)["last_hidden_state"]; // an object
        // The last kernel is zero: what comes out is the shortcut alone.
        Assert.Contains(Features("test_efficientnet").AsSpan<float>().ToArray(), value => value != 0);
        Assert.DoesNotContain(Features("mobilenetv4_conv_small").AsSpan<float>().ToArray(), value => value != 0);
    }

    // x * sigmoid(v x) / sqrt(var of the group + 1e-5) * weight + bias, of every other pixel's projection.
    private static float[] Evolved(Tensor image, Dictionary<string, Tensor> weights, int channels)
    {
        const int GroupSize = 8, Places = 9;
        float[] Part(string name) => weights[name].AsSpan<float>().ToArray();
        var (kernel, scale, shift, gate, pixels) = (Part("conv_stem.weight"), Part("bn1.weight"), Part("bn1.bias"), Part("bn1.v"), image.AsSpan<float>().ToArray());
        var map = new double[channels * Places];
        for (var i = 0; i < map.Length; i++)
            for (var colour = 0; colour < 3; colour++)
                map[i] += (double)kernel[i / Places * 3 + colour] * pixels[colour * 36 + i % Places / 3 * 12 + i % 3 * 2];
        var result = new float[map.Length];
        for (var i = 0; i < map.Length; i++)
        {
            var group = map.AsSpan(i / (GroupSize * Places) * GroupSize * Places, GroupSize * Places).ToArray();
            var (mean, channel) = (group.Average(), i / Places);
            var deviation = Math.Sqrt(group.Average(value => (value - mean) * (value - mean)) + 1e-5);
            result[i] = (float)(map[i] / (1 + Math.Exp(-map[i] * gate[channel])) / deviation * scale[channel] + shift[channel]);
        }
        return result;
    }

    // Bilinear, with the borders of the table as those of the new one; the last three rows belong to the first token.
    private static Tensor Stretch(Tensor table, int from, int to)
    {
        var heads = (int)table.Shape[1];
        var (source, target) = (table.AsSpan<float>().ToArray(), new float[(to * to + 3) * heads]);
        for (var place = 0; place < to * to; place++)
        {
            var (y, x) = (At(place / to), At(place % to));
            for (var head = 0; head < heads; head++)
            {
                float Value(int row, int column) => source[(row * from + column) * heads + head];
                var above = Value(y.Low, x.Low) * (1 - x.Share) + Value(y.Low, x.High) * x.Share;
                var below = Value(y.High, x.Low) * (1 - x.Share) + Value(y.High, x.High) * x.Share;
                target[place * heads + head] = above * (1 - y.Share) + below * y.Share;
            }
        }
        source.AsSpan(from * from * heads).CopyTo(target.AsSpan(to * to * heads));
        return Of(target, to * to + 3, heads);

        (int Low, int High, float Share) At(int number)
        {
            var place = Math.Max((number + 0.5f) * from / to - 0.5f, 0);
            var low = (int)place;
            return (low, Math.Min(low + 1, from - 1), place - low);
        }
    }

    private static (JsonObject Config, Dictionary<string, Tensor> Weights) Recorded(string model)
    {
        var files = ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));
        var data = new CheckpointData(files);
        return (JsonNode.Parse(File.ReadAllText(files.Require("config.json")))!.AsObject(), // an object: the model converts
            CheckpointReader.Read(files, "model.safetensors").Tensors.Values.ToDictionary(tensor => tensor.Name, data.Open));
    }

    // What the model makes of an image, by default of the size that it was recorded with.
    private Dictionary<string, Tensor> Run(string name, JsonObject config, Dictionary<string, Tensor> weights, Tensor? image = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights);
        var files = ModelFiles.InFolder(folder);
        var result = Converter.Write(Converter.Plan(files, new ConversionOptions()), files, Path.Combine(folder, "converted"), WeightStorage.Referenced, []);
        using var session = InferenceSession.Open(result.ModelPath, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder });
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["pixel_values"] = image ?? Of(Values(3 * 32 * 32, seed: 0), 1, 3, 32, 32) });
        return session.Outputs.ToDictionary(output => output.Name, output => Of(outputs[output.Name].AsSpan<float>(), outputs[output.Name].Shape.Dimensions.ToArray()));
    }

    private static void AssertSame(Dictionary<string, Tensor> expected, Dictionary<string, Tensor> found)
    {
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach (var name in expected.Keys)
            AssertSame(expected[name], found[name]);
    }

    private static void AssertSame(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.Shape.Dimensions.ToArray(), found.Shape.Dimensions.ToArray());
        var (left, right) = (expected.AsSpan<float>().ToArray(), found.AsSpan<float>().ToArray());
        Assert.All(left.Zip(right), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerance * (1 + Math.Abs(pair.First)), $"{pair.Second} is not {pair.First}"));
    }

    private static JsonObject With(JsonObject config, params ReadOnlySpan<(string Name, JsonNode Value)> fields)
    {
        var changed = config.DeepClone().AsObject();
        foreach (var (name, value) in fields)
            changed[name] = value;
        return changed;
    }

    private static Dictionary<string, Tensor> With(Dictionary<string, Tensor> weights, string name, Tensor tensor) => new(weights) { [name] = tensor };

    private static Tensor Sum(Tensor tensor, float[] added)
    {
        var values = tensor.AsSpan<float>().ToArray();
        return Of(values.Select((value, i) => value + added[i]).ToArray(), tensor.Shape.Dimensions.ToArray());
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static Tensor Of(ReadOnlySpan<float> values, params long[] dimensions) => Tensor.Of(values, new Shape(dimensions));
}
