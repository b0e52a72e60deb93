using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Precision;
using Gpux.Models.Precision;
using Gpux.Onnx.Building;

namespace Gpux.Models.Tests.Precision;

public sealed class PrecisionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-precision-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, GraphTarget> Models => new()
    {
        { "language-id", GraphTarget.Portable },
        { "language-id", GraphTarget.Cpu },
        { "digits", GraphTarget.Portable },
        { "digits", GraphTarget.Cpu },
        { "storyteller", GraphTarget.Portable },
        { "storyteller", GraphTarget.Cpu },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Eight_bits_change_little_and_take_a_quarter(string sample, GraphTarget target)
    {
        var files = Sample(sample);
        var proof = Measure(files, WeightPrecision.Int8, target, out var written);
        Assert.True(proof.Cosine > 0.99, $"cosine {proof.Cosine}");
        Assert.True(proof.Outputs[0].MaxAbs > 0, "The outputs are those of another precision.");
        var published = Weights(files).Sum(tensor => 4 * tensor.Shape.ElementCount);
        Assert.InRange(new FileInfo(Path.Combine(Path.GetDirectoryName(written.ModelPath)!, Converter.DataFile)).Length, published / 5, published * 9 / 25); // a file lies in a folder
    }

    [Theory]
    [InlineData(GraphTarget.Portable)]
    [InlineData(GraphTarget.Cpu)]
    public void Sixteen_bits_change_almost_nothing_and_take_half(GraphTarget target)
    {
        var files = ModelFiles.InFolder(Widened());
        var proof = Measure(files, WeightPrecision.Float16, target, out var written);
        Assert.True(proof.Cosine > 0.99999, $"cosine {proof.Cosine}");
        Assert.Equal(1, proof.Outputs[0].TopAgreement);
        var published = new FileInfo(files.Require("model.safetensors")).Length;
        Assert.InRange(new FileInfo(Path.Combine(Path.GetDirectoryName(written.ModelPath)!, Converter.DataFile)).Length, published / 3, published * 55 / 100); // as above
    }

    [Fact]
    public void What_is_in_sixteen_bits_already_is_told() => Assert.Contains("16 bits already",
        Assert.Throws<UnsupportedPrecisionException>(() => Converter.Plan(Sample("language-id"), new ConversionOptions(Precision: WeightPrecision.Float16))).Message, StringComparison.Ordinal);

    [Fact]
    public void Convolutions_alone_have_nothing_for_eight_bits()
    {
        var files = ModelFiles.InFolder(Corpus.PathOf("models", "resnet-model", "repo"));
        var refused = Assert.Throws<UnsupportedPrecisionException>(() => Converter.Plan(files, new ConversionOptions(Precision: WeightPrecision.Int8)));
        Assert.Contains("fp16", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_beyond_sixteen_bits_is_named()
    {
        var folder = Widened(tensors => tensors.First(tensor => tensor.Key.EndsWith("attention.self.query.weight", StringComparison.Ordinal)).Value.AsSpan<float>()[5] = 70_000);
        var files = ModelFiles.InFolder(folder);
        var plan = Converter.Plan(files, new ConversionOptions(Precision: WeightPrecision.Float16));
        var refused = Assert.Throws<UnsupportedPrecisionException>(() => Converter.Write(plan, files, Path.Combine(_folder, "out"), WeightStorage.Copied, []));
        Assert.Contains("query.weight", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "out")));
    }

    [Fact]
    public void Proof_is_read_as_it_was_written()
    {
        var proof = new PrecisionProof(WeightPrecision.Int8, "synthetic", 4, [new OutputDamage("logits", 0.25, 1.5, 0.985, 0.75), new OutputDamage("hidden", 0.5, 2, 0.99, null)]);
        proof.Write(_folder);
        var read = PrecisionProof.Read(_folder)!; // written above
        Assert.Equal(proof.Outputs, read.Outputs);
        Assert.Equal((proof.Precision, proof.Inputs, proof.Runs), (read.Precision, read.Inputs, read.Runs));
        Assert.Null(PrecisionProof.Read(Path.Combine(_folder, "absent")));
    }

    [Fact]
    public void Damage_beyond_the_bound_is_refused_unless_it_is_wanted()
    {
        var proof = new PrecisionProof(WeightPrecision.Int8, "synthetic", 4, [new OutputDamage("logits", 9, 9, 0.6, null)]);
        Assert.Contains("--force", Assert.Throws<PrecisionDamageException>(() => proof.Require(allowsDamage: false)).Remedy, StringComparison.Ordinal);
        Assert.Same(proof, proof.Require(allowsDamage: true));
    }

    private PrecisionProof Measure(ModelFiles files, WeightPrecision precision, GraphTarget target, out ConversionResult written)
    {
        var options = new PrepareOptions(Target: target) { Precision = precision };
        var plan = Converter.Plan(files, options.Conversion);
        written = Converter.Write(plan, files, Path.Combine(_folder, "written"), WeightStorage.Copied, []);
        var manifest = new ModelManifest(new ModelReference(ModelReference.Local, _folder), "", []);
        return PrecisionMeasurement.Measure(manifest, files, options, written, progress: null, CancellationToken.None);
    }

    // The sample with its weights in float32.
    private string Widened(Action<Dictionary<string, Tensor>>? change = null)
    {
        var files = Sample("language-id");
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "widened")).FullName;
        var data = new CheckpointData(files);
        var tensors = Weights(files).ToDictionary(tensor => tensor.Name, tensor =>
        {
            var wide = Tensor.Zeros(ElementType.Float32, tensor.Shape);
            var halves = data.Open(tensor).AsSpan<Half>();
            for (var i = 0; i < halves.Length; i++)
                wide.AsSpan<float>()[i] = (float)halves[i];
            return wide;
        });
        change?.Invoke(tensors);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
        File.Copy(files.Require("config.json"), Path.Combine(folder, "config.json"));
        return folder;
    }

    private static CheckpointTensor[] Weights(ModelFiles files) => [.. Converter.Plan(files, new ConversionOptions()).Model.Graph.Initializers
        .Where(tensor => tensor.External is not null)
        .Select(tensor => new CheckpointTensor(tensor.Name, tensor.ElementType, new Shape(tensor.Dimensions), tensor.External!.Location, tensor.External.Offset))]; // filtered

    private static ModelFiles Sample(string name) => ModelFiles.InFolder(Path.Combine(Repository, "samples", name));

    private static string Repository { get; } = FindRepository();

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "gpux.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }
}
