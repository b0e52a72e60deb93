using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>The recorded Descript Audio Codec: exact in its codes, and in its sound but for rounding.</summary>
public sealed class DacTests
{
    /// <summary>Of numbers from -1 to 1: rounding alone makes 2e-4 of it, between a batch and its rows too; a wrong padding, dilation or
    /// frequency makes more than 0.1.</summary>
    internal static Tolerance Rounding { get; } = new(1e-3, 0);

    [Fact]
    public void Codes_are_the_originals_and_the_sound_is_but_for_rounding()
    {
        if (!Corpus.IsWhole)
            return; // the recorded model is in the whole corpus alone
        var recording = Recording.Load(Corpus.PathOf("models", "dac"));
        foreach (var (method, wanted) in ((string, Tolerance)[])[("encode", new Tolerance(0, 0)), ("decode", Rounding)])
        {
            using var session = Open(Repository, $"DacModel.{method}");
            foreach (var run in recording.Runs.Where(run => run.Name.StartsWith(method, StringComparison.Ordinal)))
            {
                using var outputs = session.Run(run.InputNames.ToDictionary(name => name, run.Input));
                foreach (var name in run.OutputNames)
                    Assert.True(TensorComparison.Compare(run.Output(name), outputs[name], wanted).Within, $"{run.Name}: {name}");
            }
        }
    }

    [Fact]
    public void Fewer_codes_are_said_by_the_first_codebooks()
    {
        if (!Corpus.IsWhole)
            return; // as above
        var folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;
        try
        {
            var data = new CheckpointData(Repository);
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), CheckpointReader.Read(Repository, "model.safetensors").Tensors.Values
                .Where(tensor => !tensor.Name.StartsWith("quantizer.quantizers.2.", StringComparison.Ordinal)).ToDictionary(tensor => tensor.Name, data.Open));
            var config = JsonNode.Parse(File.ReadAllText(Repository.Require("config.json")))!.AsObject(); // a recorded object
            config["n_codebooks"] = 2;
            File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
            var codes = new Dictionary<string, Tensor> { ["audio_codes"] = Tensor.Of<long>([1, 5, 9, 31, 0, 7, 2, 30], new Shape(1, 2, 4)) };
            using var three = Open(Repository, "DacModel.decode");
            using var two = Open(ModelFiles.InFolder(folder), "DacModel.decode");
            using var expected = two.Run(codes);
            using var actual = three.Run(codes);
            Assert.True(TensorComparison.Compare(expected["audio_values"], actual["audio_values"], Rounding).Within);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ModelFiles Repository => ModelFiles.InFolder(Corpus.PathOf("models", "dac", "repo"));

    private static InferenceSession Open(ModelFiles files, string className)
    {
        var (graph, result) = Converter.WriteInMemory(Converter.Plan(files, new ConversionOptions(ClassName: className)), files, []);
        return InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder });
    }
}
