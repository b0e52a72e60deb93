using System.Buffers.Binary;
using System.Text;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Verification;
using Gpux.Models.Verification;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests;

/// <summary>Models whose weights are published for Flax alone: other names, and kernels with the input first.</summary>
public sealed class FlaxWeightsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("bert-seqcls")]
    [InlineData("vit-image-classification")]
    public void Flax_weights_give_what_was_recorded(string name)
    {
        var recording = Recording.Load(Corpus.PathOf("models", name));
        var files = WriteFlax(recording);

        var verdict = Judges.Judge(recording, files);

        Assert.True(verdict.Verdict == Verdict.Passed, verdict.Reason);
    }

    [Theory]
    [InlineData(WeightStorage.Referenced)]
    [InlineData(WeightStorage.Copied)]
    public void Turned_kernels_are_copied_beside_the_graph(WeightStorage storage)
    {
        var recording = Recording.Load(Corpus.PathOf("models", "vit-image-classification"));
        var files = WriteFlax(recording);
        var plan = Converter.Plan(files, new ConversionOptions(ClassName: recording.ClassName));

        var result = Converter.Write(plan, files, Path.Combine(_folder, "converted"), storage, []);

        using var session = InferenceSession.Open(result.ModelPath, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder });
        var run = recording.Runs[0];
        using var outputs = session.Run(run.InputNames.ToDictionary(input => input, run.Input));
        Assert.All(run.OutputNames, output => Assert.True(TensorComparison.Compare(run.Output(output), outputs[output], recording.Tolerance).Within));
        Assert.True(File.Exists(Path.Combine(_folder, "converted", Converter.DataFile)));
    }

    // The model's own weights, as the original library would save them from Flax.
    private ModelFiles WriteFlax(Recording recording)
    {
        var published = ModelFiles.InFolder(recording.RepositoryFolder);
        var data = new CheckpointData(published);
        var root = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var tensor in CheckpointReader.Read(published, "model.safetensors").Tensors.Values)
        {
            string[] path = [.. tensor.Name.Split('.')];
            var (dimensions, axes) = (tensor.Shape.Dimensions.ToArray(), Enumerable.Range(0, tensor.Shape.Rank).ToArray());
            if (path[^1] == "weight")
            {
                path[^1] = tensor.Shape.Rank == 1 ? "scale" : path[^2].EndsWith("_embeddings", StringComparison.Ordinal) && tensor.Shape.Rank == 2 ? "embedding" : "kernel";
                if (path[^1] == "kernel")
                    axes = tensor.Shape.Rank == 4 ? [2, 3, 1, 0] : [1, 0];
            }
            var node = root;
            foreach (var part in path[..^1])
                node = (SortedDictionary<string, object>)(node.TryGetValue(part, out var inner) ? inner : node[part] = new SortedDictionary<string, object>(StringComparer.Ordinal));
            node[path[^1]] = (Array.ConvertAll(axes, axis => dimensions[axis]), Permute(data.Open(tensor), axes));
        }
        var bytes = new List<byte>();
        Write(bytes, root);
        var flax = Path.Combine(_folder, "flax_model.msgpack");
        File.WriteAllBytes(flax, [.. bytes]);
        return new ModelFiles(new Dictionary<string, string> { ["config.json"] = published.Require("config.json"), ["flax_model.msgpack"] = flax }, recording.Name);
    }

    private static float[] Permute(Tensor tensor, int[] axes)
    {
        var source = tensor.AsSpan<float>();
        var target = new float[source.Length];
        var index = new long[axes.Length];
        for (var i = 0; i < target.Length; i++)
        {
            var left = (long)i;
            for (var axis = axes.Length - 1; axis >= 0; axis--)
                (left, index[axes[axis]]) = Math.DivRem(left, tensor.Shape[axes[axis]]);
            long at = 0;
            for (var axis = 0; axis < axes.Length; axis++)
                at = at * tensor.Shape[axis] + index[axis];
            target[i] = source[(int)at];
        }
        return target;
    }

    private static void Write(List<byte> bytes, object value)
    {
        switch (value)
        {
            case SortedDictionary<string, object> map:
                Head(bytes, 0xdf, map.Count);
                foreach (var (key, inner) in map)
                {
                    Write(bytes, key);
                    Write(bytes, inner);
                }
                break;
            case string text:
                Head(bytes, 0xdb, Encoding.UTF8.GetByteCount(text));
                bytes.AddRange(Encoding.UTF8.GetBytes(text));
                break;
            case (long[] shape, float[] elements):
                var array = new List<byte>();
                array.Add(0x93);
                Head(array, 0xdd, shape.Length);
                foreach (var extent in shape)
                    Head(array, 0xce, (int)extent);
                Write(array, "float32");
                Head(array, 0xc6, elements.Length * sizeof(float));
                array.AddRange(System.Runtime.InteropServices.MemoryMarshal.AsBytes(elements.AsSpan()).ToArray());
                Head(bytes, 0xc9, array.Count);
                bytes.Add(1);
                bytes.AddRange(array);
                break;
        }
    }

    private static void Head(List<byte> bytes, byte head, int number)
    {
        var big = new byte[5];
        big[0] = head;
        BinaryPrimitives.WriteInt32BigEndian(big.AsSpan(1), number);
        bytes.AddRange(big);
    }
}
