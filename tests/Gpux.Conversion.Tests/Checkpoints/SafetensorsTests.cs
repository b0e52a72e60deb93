using System.Buffers.Binary;
using System.Text;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Checkpoints;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Written_tensors_are_read_back()
    {
        var path = Path.Combine(_folder, "model.safetensors");
        var tensors = new Dictionary<string, Tensor>
        {
            ["flags"] = Tensor.Of<bool>([true, false, true], new Shape(3)),
            ["weight"] = Tensor.Of<float>([1, 2, 3, 4, 5, 6], new Shape(2, 3)),
            ["scalar"] = Tensor.Of<long>([-7], Shape.Scalar),
            ["none"] = Tensor.Of<float>([], new Shape(0, 4)),
        };

        SafetensorsWriter.Write(path, tensors);

        var files = ModelFiles.InFolder(_folder);
        var checkpoint = SafetensorsReader.Read(files, "model.safetensors");
        var data = new CheckpointData(files);
        Assert.Equal(tensors.Keys.Order(), checkpoint.Tensors.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            var read = data.Open(checkpoint.Tensors[name]);
            Assert.Equal((tensor.ElementType, tensor.Shape), (read.ElementType, read.Shape));
            Assert.Equal(tensor.Bytes.ToArray(), read.Bytes.ToArray());
        }
        Assert.Equal([path], Directory.GetFiles(_folder)); // no temporary file is left
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, null)]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}   """, 8, null)]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "claims bytes 0 to 8 of 7")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "its tensors end at byte")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "needs 12 bytes, but has 8")]
    [InlineData("""{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "needs 1.5 bytes, but has 2")]
    [InlineData("""{"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown dtype 'F31'")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""", 8, "no list of sizes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "more than 2^63 bits")]
    [InlineData("""{"w":{"dtype":"F32","data_offsets":[0,8]}}""", 8, "lacks dtype, shape or")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}x""", 8, "no valid JSON")]
    [InlineData(""" {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "does not begin with '{'")]
    public void A_header_must_agree_with_the_file(string json, int dataBytes, string? problem)
    {
        var header = Encoding.UTF8.GetBytes(json);
        Checkpoint Parse() => SafetensorsHeader.Parse(header, "model.safetensors", SafetensorsHeader.PrefixBytes + header.Length + dataBytes);

        if (problem is null)
            Assert.Equal(8, Parse().ByteCount);
        else
            Assert.Contains(problem, Assert.Throws<InvalidCheckpointException>(Parse).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_longer_than_the_file_is_refused_before_it_is_read()
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, 99_000_000);

        Assert.Throws<InvalidCheckpointException>(() => SafetensorsHeader.ReadLength(prefix, "model.safetensors", fileBytes: 1000));
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("sub/model.safetensors")]
    [InlineData("C:model.safetensors")]
    public void An_index_names_files_beside_it_only(string shard)
    {
        var json = Encoding.UTF8.GetBytes($$$"""{"weight_map":{"w":"{{{shard}}}"}}""");

        Assert.Throws<InvalidCheckpointException>(() => ShardIndex.Read(json, "model.safetensors.index.json"));
    }

    [Fact]
    public void Below_finds_a_module_and_not_its_namesakes()
    {
        CheckpointTensor Tensor(string name) => new(name, ElementType.Float32, Shape.Scalar, "f", 0);
        string[] names = ["layer.1.weight", "layer.10.weight", "layer.1", "layer.1-x", "layers.1.weight"];
        var checkpoint = new Checkpoint(names.ToDictionary(name => name, Tensor));

        Assert.Equal(["layer.1", "layer.1.weight"], checkpoint.Below("layer.1").Order());
        Assert.Empty(checkpoint.Below("layer.2"));
    }
}
