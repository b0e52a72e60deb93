using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>Classes of two-tower models of which there is no recording, made of recorded ones, and what they must give by what those give.</summary>
public sealed class TowersTests : IDisposable
{
    private static readonly Tolerance Close = new(1e-5, 1e-4);
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A pooler that multiplies by one leaves of it the hyperbolic tangent.</summary>
    [Fact]
    public void Chinese_clips_texts_alone_are_summed_up_by_their_pooler_and_types_count()
    {
        if (!Corpus.IsWhole)
            return; // the recorded model is in the whole corpus alone
        var files = Copy("chinese-clip", tensors =>
        {
            var width = tensors["text_model.embeddings.LayerNorm.weight"].Shape[0];
            tensors["text_model.pooler.dense.weight"] = Identity(width);
            tensors["text_model.pooler.dense.bias"] = Tensor.Zeros(ElementType.Float32, new Shape(width));
        });
        using var session = Open(files, "ChineseCLIPTextModel");
        var ids = Tensor.Of<long>([2, 5, 7, 3, 2, 9, 3, 0], new Shape(2, 4));
        var types = Tensor.Zeros(ElementType.Int64, ids.Shape);
        using var plain = Run(session, ("input_ids", ids), ("token_type_ids", types));
        var (hidden, pooled) = (plain["last_hidden_state"], plain["pooler_output"]);
        var width = (int)hidden.Shape[2];
        var expected = new float[2 * width];
        for (var i = 0; i < expected.Length; i++)
            expected[i] = MathF.Tanh(hidden.AsSpan<float>()[i / width * 4 * width + i % width]);
        AssertClose(expected, pooled);

        types.AsSpan<long>().Fill(1);
        using var second = Run(session, ("input_ids", ids), ("token_type_ids", types));
        Assert.False(TensorComparison.Compare(hidden, second["last_hidden_state"], new Tolerance(1e-2, 0)).Within);
    }

    /// <summary>Classes that are the channels themselves: the mean of the patches that are no padding.</summary>
    [Fact]
    public void Siglip2_classifies_by_the_mean_of_its_patches()
    {
        if (!Corpus.IsWhole)
            return; // as above
        long width = 0;
        var files = Copy("siglip2-naflex", tensors =>
        {
            width = tensors["vision_model.post_layernorm.weight"].Shape[0];
            tensors["classifier.weight"] = Identity(width);
            tensors["classifier.bias"] = Tensor.Of<float>([.. Enumerable.Range(0, (int)width).Select(i => (float)i)], new Shape(width));
        });
        using var tower = Open(files, "Siglip2VisionModel");
        using var classifier = Open(files, "Siglip2ForImageClassification");
        var features = (int)tower.Inputs.Single(input => input.Name == "pixel_values").Dimensions!.Value[2].Size!.Value; // as the patch and its channels
        (string, Tensor)[] inputs =
        [
            ("pixel_values", Random(new Shape(2, 6, features))),
            ("pixel_attention_mask", Tensor.Of([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], new Shape(2, 6))),
            ("spatial_shapes", Tensor.Of<long>([2, 3, 2, 2], new Shape(2, 2))),
        ];
        using var states = Run(tower, inputs);
        using var scores = Run(classifier, inputs);
        var hidden = states["last_hidden_state"].AsSpan<float>();
        var expected = new float[2 * width];
        for (var i = 0; i < expected.Length; i++)
        {
            var (row, channel, patches) = ((int)(i / width), (int)(i % width), i < width ? 6 : 4);
            for (var patch = 0; patch < patches; patch++)
                expected[i] += hidden[(int)((row * 6 + patch) * width) + channel] / patches;
            expected[i] += channel;
        }
        AssertClose(expected, scores["logits"]);
    }

    /// <summary>The original normalises the class token a second time.</summary>
    [Fact]
    public void Blips_image_is_summed_up_by_its_class_token_normalised_twice()
    {
        if (!Corpus.IsWhole)
            return; // as above
        var files = Copy("blip-retrieval", _ => { });
        var weights = Read(ModelFiles.InFolder(_folder));
        using var session = Open(files, "BlipVisionModel");
        var side = JsonNode.Parse(File.ReadAllText(files.Require("config.json")))!["vision_config"]!["image_size"]!.GetValue<int>(); // recorded
        using var outputs = Run(session, ("pixel_values", Random(new Shape(1, 3, side, side))));
        var width = (int)outputs["last_hidden_state"].Shape[2];
        var token = outputs["last_hidden_state"].AsSpan<float>()[..width].ToArray();
        var mean = token.Average();
        var deviation = Math.Sqrt(token.Average(value => (value - mean) * (value - mean)) + 1e-5);
        // This one is stored in half precision.
        float Weight(string name, int i) => (float)weights[$"vision_model.post_layernorm.{name}"].AsSpan<Half>()[i];
        AssertClose([.. token.Select((value, i) => (float)((value - mean) / deviation) * Weight("weight", i) + Weight("bias", i))], outputs["pooler_output"]);
    }

    /// <summary>By the method alone the vectors are those of the whole model.</summary>
    [Fact]
    public void Claps_features_are_the_vectors_that_it_compares()
    {
        if (!Corpus.IsWhole)
            return; // as above
        var files = ModelFiles.InFolder(Corpus.PathOf("models", "clap", "repo"));
        using var whole = Open(files, "ClapModel");
        using var sounds = Open(files, "ClapModel.get_audio_features");
        using var texts = Open(files, "ClapModel.get_text_features");
        var bands = whole.Inputs.Single(input => input.Name == "input_features").Dimensions!.Value[3].Size!.Value; // as config.json states
        var (heard, ids) = (("input_features", Random(new Shape(2, 1, 100, bands))), ("input_ids", Tensor.Of<long>([2, 5, 7, 3], new Shape(1, 4))));
        using var expected = Run(whole, heard, ids);
        using var ofSounds = Run(sounds, heard);
        using var ofTexts = Run(texts, ids);
        AssertClose(expected["audio_embeds"].AsSpan<float>().ToArray(), ofSounds["audio_features"]);
        AssertClose(expected["text_embeds"].AsSpan<float>().ToArray(), ofTexts["text_features"]);
    }

    private ModelFiles Copy(string recorded, Action<Dictionary<string, Tensor>> change)
    {
        var published = ModelFiles.InFolder(Corpus.PathOf("models", recorded, "repo"));
        var tensors = Read(published);
        change(tensors);
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), tensors);
        File.Copy(published.Require("config.json"), Path.Combine(_folder, "config.json"));
        return ModelFiles.InFolder(_folder);
    }

    private static Dictionary<string, Tensor> Read(ModelFiles files)
    {
        var data = new CheckpointData(files);
        return CheckpointReader.Read(files, "model.safetensors").Tensors.Values.ToDictionary(tensor => tensor.Name, data.Open);
    }

    private static InferenceSession Open(ModelFiles files, string className)
    {
        var (graph, result) = Converter.WriteInMemory(Converter.Plan(files, new ConversionOptions(ClassName: className)), files, []);
        return InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder });
    }

    private static SessionOutputs Run(InferenceSession session, params (string Name, Tensor Tensor)[] inputs) =>
        session.Run(ModelInputs.Complete(session.Inputs, inputs.ToDictionary(input => input.Name, input => input.Tensor)));

    private static Tensor Identity(long width)
    {
        var matrix = Tensor.Zeros(ElementType.Float32, new Shape(width, width));
        for (var i = 0; i < width; i++)
            matrix.AsSpan<float>()[(int)(i * width) + i] = 1;
        return matrix;
    }

    private static Tensor Random(Shape shape)
    {
        var random = new Random(1);
        return Tensor.Of<float>([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => random.NextSingle() * 2 - 1)], shape);
    }

    private static void AssertClose(float[] expected, Tensor actual) =>
        Assert.True(TensorComparison.Compare(Tensor.Of<float>(expected, actual.Shape), actual, Close).Within);
}
