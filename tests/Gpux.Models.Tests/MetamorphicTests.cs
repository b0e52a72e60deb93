using Gpux.Conversion;
using Gpux.Conversion.Verification;
using Gpux.Onnx.Building;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>What must hold of every model without any reference: batches, padding, lengths, targets and where weights lie make no
/// difference. Models are those of the corpus that convert, one of each class.</summary>
public sealed class MetamorphicTests
{
    private static readonly Tolerance Close = new(1e-5, 1e-4);

    private static readonly string[] OneOfEachClass = [.. Corpus.Cases("models").Select(name => (Name: name, Plan: Plan(name)))
        // Nyströmformer's landmarks take one length alone, and divide by one number for the whole batch.
        .Where(model => model.Plan is not null && model.Plan.ModelType != "nystromformer").DistinctBy(model => model.Plan!.ClassName).Select(model => model.Name)]; // filtered

    public static TheoryData<string> Models => [.. OneOfEachClass];

    [Fact]
    public void Every_family_is_among_the_models() => Assert.Superset(
        new HashSet<string>(["bert", "resnet", "vit"]), OneOfEachClass.Select(model => Plan(model)!.ModelType).ToHashSet());

    [Theory]
    [MemberData(nameof(Models))]
    public void A_batch_equals_its_rows_one_by_one(string model)
    {
        using var session = Open(model);
        var batch = Inputs(session, batch: 3, length: 7, seed: 1);
        using var together = session.Run(batch);
        for (var row = 0; row < 3; row++)
        {
            using var alone = session.Run(batch.ToDictionary(input => input.Key, input => Row(input.Value, row)));
            foreach (var (name, tensor) in together.Tensors)
                if (!name.StartsWith("logits_per_", StringComparison.Ordinal)) // of each two rows of different inputs
                    AssertClose(Row(tensor, row), alone[name], $"{name}, row {row}");
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
        if (Plan(model) is { ModelType: "mobilebert" or "convbert" or "canine" } or { ClassName: "XLNetForSequenceClassification" })
            return;
        var plain = Inputs(session, batch: 1, length: 6, seed: 2);
        var padded = Inputs(session, batch: 1, length: 11, seed: 2);
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
            AssertClose(wanted, other, name);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Padding_leaves_sounds_as_they_are(string model)
    {
        using var session = Open(model);
        var (config, name) = (ModelConfig.Load(Files(model)), Takes(session, "input_values") ? "input_values" : "input_features");
        if (!Takes(session, "attention_mask") || !Takes(session, name) || Takes(session, "input_ids"))
            return; // nothing to pad
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
            AssertClose(tensor, FirstColumns(actual[output], tensor.Shape), output);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Any_length_runs(string model)
    {
        using var session = Open(model);
        foreach (var length in (ReadOnlySpan<int>)[1, 2, 5, 13])
        {
            using var outputs = session.Run(Inputs(session, batch: 2, length, seed: length));
            foreach (var (_, tensor) in outputs.Tensors)
                if (tensor.ElementType == ElementType.Float32)
                    Assert.All(tensor.AsSpan<float>().ToArray(), value => Assert.True(float.IsFinite(value)));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Targets_optimisations_and_copied_weights_make_no_difference(string model)
    {
        using var session = Open(model);
        var inputs = Inputs(session, batch: 2, length: 9, seed: 3);
        using var expected = session.Run(inputs);
        using var portable = Open(model, GraphTarget.Portable);
        using var plain = Open(model, options: new SessionOptions { OptimizationLevel = OptimizationLevel.Disabled });
        using var packed = Open(model, options: new SessionOptions { DisablePrepacking = false });
        foreach (var (other, what) in new[] { (portable, "portable"), (plain, "without optimisation"), (packed, "packed") })
        {
            using var actual = other.Run(inputs);
            foreach (var (name, tensor) in expected.Tensors)
                AssertClose(tensor, actual[name], $"{name} {what}");
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

    private static ModelFiles Files(string model) => ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));

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

    private static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        var comparison = TensorComparison.Compare(expected, actual, Close);
        Assert.True(comparison.Within, $"{what}: {comparison.Problem ?? $"differs by {comparison.MaxAbs}"}");
    }
}
