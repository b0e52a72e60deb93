using Gpux.Conversion;
using Gpux.Conversion.Verification;
using Gpux.Onnx.Building;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>What must hold of every model without any reference: batches, padding, lengths, targets and where weights lie make no
/// difference. Models are those of the corpus that convert, one of each class and of each architecture of timm.</summary>
public sealed class MetamorphicTests
{
    private static readonly string[] OneOfEachClass = [.. Corpus.Cases("models").Select(name => (Name: name, Plan: Plan(name)))
        // Nyströmformer's landmarks take one length alone, and divide by one number for the whole batch.
        .Where(model => model.Plan is not null && model.Plan.ModelType != "nystromformer").DistinctBy(model => (model.Plan!.ClassName, Architecture(model.Name))).Select(model => model.Name)]; // filtered

    public static TheoryData<string> Models => [.. OneOfEachClass];

    [Fact]
    public void Every_family_is_among_the_models() => Assert.Superset(
        new HashSet<string>(["bert", "resnet", "vit", "timm_wrapper", "torchvision"]), OneOfEachClass.Select(model => Plan(model)!.ModelType).ToHashSet());

    [Theory]
    [MemberData(nameof(Models))]
    public void A_batch_equals_its_rows_one_by_one(string model)
    {
        using var session = Open(model);
        var batch = Inputs(session, batch: 3, length: Math.Min(7, Longest(model)), seed: 1);
        using var together = session.Run(batch);
        for (var row = 0; row < 3; row++)
        {
            using var alone = session.Run(batch.ToDictionary(input => input.Key, input => Row(input.Value, row)));
            foreach (var (name, tensor) in together.Tensors.Where(output => output.Tensor.Shape[0] == 3)) // all but codes, which come in chunks
                AssertClose(name.StartsWith("logits_per_", StringComparison.Ordinal) ? Cell(tensor, row) : Row(tensor, row), alone[name], $"{name}, row {row}", Close(model));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Padding_leaves_tokens_as_they_are(string model)
    {
        using var session = Open(model);
        if (!Takes(session, "attention_mask") || !Takes(session, "input_ids") || session.Inputs.Any(input => input.Dimensions is { Length: 3 } && input.Name == "input_ids"))
            return; // nothing to pad, or rows of choices
        // As in the originals: tokens see the embeddings of what follows them, or convolve it; characters are grouped by the length of the
        // whole row; and the last token, padding or not, stands for the text.
        // Version 5 of the library lets the text encoder of a Grounding DINO see padding.
        if (Plan(model) is { ModelType: "mobilebert" or "convbert" or "canine" or "grounding-dino" } or { ClassName: "XLNetForSequenceClassification" })
            return;
        var plain = Inputs(session, batch: 1, length: 6, seed: 2);
        var padded = Inputs(session, batch: 1, length: Math.Min(11, Longest(model)), seed: 2);
        plain["input_ids"].AsSpan<long>().CopyTo(padded["input_ids"].AsSpan<long>());
        padded["input_ids"].AsSpan<long>()[6..].Fill(PadToken(model));
        padded["attention_mask"].AsSpan<long>()[6..].Clear();
        foreach (var (name, tensor) in plain)
            if (name is "pixel_values" or "input_features" || name.StartsWith("entity_", StringComparison.Ordinal))
                padded[name] = tensor; // what is not text is the same
        using var expected = session.Run(plain);
        using var actual = session.Run(padded);
        foreach (var (name, tensor) in expected.Tensors)
        {
            var (wanted, other) = (tensor, actual[name]);
            if (name.StartsWith("present.", StringComparison.Ordinal))
                continue; // what padding leaves in the cache is masked when it is read
            if (other.Shape != wanted.Shape)
            {
                // Where an image follows the text, the text alone has not moved.
                var columns = new Shape([1, Math.Min(wanted.Shape[1], 6), .. wanted.Shape.Dimensions.AsSpan()[2..]]);
                (wanted, other) = (FirstColumns(wanted, columns), FirstColumns(other, columns));
            }
            AssertClose(wanted, other, name, Close(model));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Padding_leaves_sounds_as_they_are(string model)
    {
        using var session = Open(model);
        var name = Takes(session, "input_values") ? "input_values" : "input_features";
        if (!Takes(session, "attention_mask") || !Takes(session, name) || Takes(session, "input_ids"))
            return; // nothing to pad
        var config = ModelConfig.Load(Files(model));
        // As in the originals, these see padding: in norms over all of a sound, in convolutions behind the encoder, or in its layers.
        if (name == "input_values" && config.Text("feat_extract_norm", "layer") == "group" || config.Bool("add_adapter", false)
            || config.ModelType is "data2vec-audio" or "wav2vec2-conformer")
            return;
        var plain = Inputs(session, batch: 1, length: 6, seed: 2);
        var padded = Inputs(session, batch: 1, length: 11, seed: 2);
        var sounds = plain[name].AsSpan<float>();
        sounds.CopyTo(padded[name].AsSpan<float>());
        padded[name].AsSpan<float>()[sounds.Length..].Clear();
        padded["attention_mask"].AsSpan<long>()[(int)plain[name].Shape[1]..].Clear();
        using var expected = session.Run(plain);
        using var actual = session.Run(padded);
        foreach (var (output, tensor) in expected.Tensors)
            AssertClose(tensor, FirstColumns(actual[output], tensor.Shape), output, Close(model));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Any_length_runs(string model)
    {
        using var session = Open(model);
        foreach (var length in (ReadOnlySpan<int>)[1, 2, 5, 13])
        {
            using var outputs = session.Run(Inputs(session, batch: 2, Math.Min(length, Longest(model)), seed: length));
            foreach (var (_, tensor) in outputs.Tensors)
                if (tensor.ElementType == ElementType.Float32)
                    Assert.All(tensor.AsSpan<float>().ToArray(), value => Assert.True(float.IsFinite(value) || float.IsNegativeInfinity(value) && ScoresTokens(model)));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Targets_optimisations_and_copied_weights_make_no_difference(string model)
    {
        using var session = Open(model);
        var inputs = Inputs(session, batch: 2, length: Math.Min(9, Longest(model)), seed: 3);
        using var expected = session.Run(inputs);
        using var portable = Open(model, GraphTarget.Portable);
        using var plain = Open(model, options: new SessionOptions { OptimizationLevel = OptimizationLevel.Disabled });
        using var packed = Open(model, options: new SessionOptions { DisablePrepacking = false });
        foreach (var (other, what) in new[] { (portable, "portable"), (plain, "without optimisation"), (packed, "packed") })
        {
            using var actual = other.Run(inputs);
            foreach (var (name, tensor) in expected.Tensors)
                AssertClose(tensor, actual[name], $"{name} {what}", Apart(model));
        }
        var folder = Directory.CreateTempSubdirectory("gpux-test");
        try
        {
            var files = Files(model);
            var result = Converter.Write(Converter.Plan(files, new ConversionOptions()), files, folder.FullName, WeightStorage.Copied, []);
            using var copied = InferenceSession.Open(result.ModelPath, new SessionOptions { DisablePrepacking = true });
            using var actual = copied.Run(inputs);
            foreach (var (name, tensor) in expected.Tensors)
                Assert.True(tensor.Bytes.SequenceEqual(actual[name].Bytes), $"{name} of copied weights differs");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // timm has one class for architectures of all kinds.

    private static ModelFiles Files(string model) => ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));

    // timm has one class for architectures of all kinds.
    private static string Architecture(string model) =>
        Files(model).Find("config.json") is null ? "" : ModelConfig.Load(Files(model)) is { ModelType: "" } config && config.IsText("architecture") ? config.Text("architecture", "") : "";

    private static ConversionPlan? Plan(string model)
    {
        try
        {
            return Converter.Plan(Files(model), new ConversionOptions());
        }
        catch (GpuxException)
        {
            return null; // not one that converts
        }
    }

    private static InferenceSession Open(string model, GraphTarget target = GraphTarget.Cpu, SessionOptions? options = null)
    {
        var files = Files(model);
        var (graph, result) = Converter.WriteInMemory(Converter.Plan(files, new ConversionOptions(target)), files, []);
        return InferenceSession.Open(graph.Span, (options ?? new SessionOptions { DisablePrepacking = true }) with { ExternalWeightsFolder = result.WeightsFolder });
    }

    // A token that a text does not have scores minus infinity.
    private static bool ScoresTokens(string model) => Plan(model)!.ModelType == "grounding-dino"; // it converts: filtered

    // The usual tolerance, or that of the recording where the original itself is less exact.
    private static Tolerance Close(string model)
    {
        var recorded = Recording.Load(Corpus.PathOf("models", model)).Tolerance;
        return new Tolerance(Math.Max(1e-5, recorded.Absolute), Math.Max(1e-4, recorded.Relative));
    }

    // Two sums in other orders: each may be as far from the truth as a recording is.
    private static Tolerance Apart(string model)
    {
        var close = Close(model);
        return new Tolerance(2 * close.Absolute, 2 * close.Relative);
    }

    // The most tokens that a text may have; a state dict alone is no model of texts.
    private static int Longest(string model) => Files(model).Find("config.json") is null ? int.MaxValue : ModelConfig.Load(Files(model)).Section("text_config").OptionalInt("max_position_embeddings") ?? int.MaxValue;

    private static bool Takes(InferenceSession session, string input) => session.Inputs.Any(candidate => candidate.Name == input);

    private static long PadToken(string model) => ModelConfig.Load(Files(model)).OptionalInt("pad_token_id") ?? 0;

    private static Dictionary<string, Tensor> Inputs(InferenceSession session, int batch, int length, int seed)
    {
        var random = new Random(seed);
        var given = new Dictionary<string, Tensor>();
        foreach (var input in session.Inputs)
        {
            var extents = (input.Dimensions ?? []).Select((dimension, i) => dimension.Size ?? (i == 0 ? batch : input.Name == "pixel_values" ? 64 : input.Name == "input_values" ? Samples(length) : input.Name == "input_features" ? length + 8 : i == 1 && input.Dimensions!.Value.Length == 3 ? 2 : length)).ToArray();
            if (input.Name == "input_ids")
                given[input.Name] = Tensor.Of<long>([.. Enumerable.Range(0, (int)new Shape(extents).ElementCount).Select(_ => (long)random.Next(5, 25))], new Shape(extents));
            else if (input.Name.StartsWith("entity_", StringComparison.Ordinal))
            {
                // Two entities a text, of number 1 and at position 1, both seen; there may be no type 1.
                given[input.Name] = Tensor.Zeros(input.ElementType, new Shape([batch, 2, .. extents.AsSpan()[2..]]));
                given[input.Name].AsSpan<long>().Fill(input.Name == "entity_token_type_ids" ? 0 : 1);
            }
            else if (input.Name.StartsWith("xpath_", StringComparison.Ordinal))
            {
                given[input.Name] = Tensor.Zeros(input.ElementType, new Shape([batch, length, extents[2]]));
                given[input.Name].AsSpan<long>().Fill(1); // every token at one place of the tree
            }
            else if (input.Name is "pixel_values" or "noise" or "input_values" or "input_features")
                given[input.Name] = Tensor.Of<float>([.. Enumerable.Range(0, (int)new Shape(extents).ElementCount).Select(_ => random.NextSingle() * 2 - 1)], new Shape(extents));
        }
        foreach (var input in session.Inputs)
        {
            // Patches that are told one by one: 8 beside each other, none of them padding.
            if (given.TryGetValue("pixel_values", out var pixels) && input.Name is "pixel_attention_mask" or "spatial_shapes")
            {
                given[input.Name] = Tensor.Zeros(input.ElementType, new Shape(batch, input.Name == "spatial_shapes" ? 2 : pixels!.Shape[1])); // there are pixels: checked
                if (input.Name == "pixel_attention_mask")
                    given[input.Name].AsSpan<int>().Fill(1);
                else
                    for (var i = 0; i < batch; i++)
                        (given[input.Name].AsSpan<long>()[2 * i], given[input.Name].AsSpan<long>()[2 * i + 1]) = (pixels!.Shape[1] / 8, 8); // as above
            }
            else if (input.Name == "input_points")
                given[input.Name] = Tensor.Of<float>([.. Enumerable.Range(0, batch * 12).Select(_ => random.NextSingle() * 32)], new Shape(batch, 2, 3, 2));
            else if (input.Name == "task_inputs")
            {
                var count = input.Dimensions!.Value[1].Size!.Value; // fixed by the model
                given[input.Name] = Tensor.Of<long>([.. Enumerable.Range(0, (int)(batch * count)).Select(_ => (long)random.Next(5, 25))], new Shape(batch, count));
            }
        }
        var complete = ModelInputs.Complete(session.Inputs, given);
        foreach (var input in session.Inputs)
        {
            // Rows of choices have three dimensions, which the defaults do not know.
            if (input.Dimensions is { Length: 3 } && given.TryGetValue("input_ids", out var ids) && ids.Shape.Rank == 3 && input.Name != "input_ids")
            {
                complete[input.Name] = Tensor.Zeros(input.ElementType, ids.Shape);
                if (input.Name == "attention_mask")
                    complete[input.Name].AsSpan<long>().Fill(1);
            }
        }
        return complete;
    }

    // Enough for a few frames, and not a whole number of them.
    private static int Samples(int length) => 1003 + 160 * length;

    private static Tensor Row(Tensor tensor, int row)
    {
        var rowTensor = Tensor.Uninitialized(tensor.ElementType, new Shape([1, .. tensor.Shape.Dimensions.AsSpan()[1..]]));
        var bytes = (int)(tensor.ByteCount / tensor.Shape[0]);
        tensor.Bytes.Slice(row * bytes, bytes).CopyTo(rowTensor.Bytes);
        return rowTensor;
    }

    // The first of the second dimension, of a batch of one.
    private static Tensor FirstColumns(Tensor tensor, Shape shape)
    {
        var columns = Tensor.Uninitialized(tensor.ElementType, shape);
        tensor.Bytes[..columns.Bytes.Length].CopyTo(columns.Bytes);
        return columns;
    }

    // What one text says of one image, of scores for all pairs.
    private static Tensor Cell(Tensor tensor, int number) => Tensor.Of<float>([tensor.AsSpan<float>()[(int)(number * tensor.Shape[1]) + number]], new Shape(1, 1));

    private static void AssertClose(Tensor expected, Tensor actual, string what, Tolerance tolerance)
    {
        var comparison = TensorComparison.Compare(expected, actual, tolerance);
        Assert.True(comparison.Within, $"{what}: {comparison.Problem ?? $"differs by {comparison.MaxAbs}"}");
    }
}
