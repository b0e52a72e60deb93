using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Precision;

namespace Gpux.Conversion.Tests.Precision;

public sealed class QuantizedDataTests : IDisposable
{
    private const int Rows = 300, Columns = 270;
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-quantized-").FullName;
    private readonly Tensor _matrix = Tensor.Zeros(ElementType.Float32, new Shape(Rows, Columns));
    private readonly CheckpointTensor _source;
    private readonly CheckpointData _data;

    public QuantizedDataTests()
    {
        var chance = new Random(5);
        foreach (ref var value in _matrix.AsSpan<float>())
            value = (float)((chance.NextDouble() - 0.5) * 4);
        _matrix.AsSpan<float>()[..Columns].Clear(); // a row of zeros
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), new Dictionary<string, Tensor> { ["w"] = _matrix });
        var files = ModelFiles.InFolder(_folder);
        _source = CheckpointCatalog.Read(files).Tensors["w"];
        _data = new CheckpointData(files);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Matrix_lies_as_products_want_it_and_is_off_by_half_a_step_at_most(bool byRow)
    {
        var scales = new ChannelScales(_source, byRow);
        var (steps, worth) = (new QuantizedMatrix(scales).ToBytes(_data), scales.Read(_data));
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                var (step, scale) = byRow ? (steps[column * Rows + row], worth[row]) : (steps[row * Columns + column], worth[column]);
                Assert.InRange((step - QuantizedMatrix.Zero) * scale - _matrix.AsSpan<float>()[row * Columns + column], -scale * 0.5001f, scale * 0.5001f);
            }
        }
    }

    [Fact]
    public void Table_keeps_its_rows()
    {
        var scales = new ChannelScales(_source, byRow: true);
        var (steps, worth) = (new QuantizedTable(scales).ToBytes(_data), scales.Read(_data));
        for (var i = 0; i < steps.Length; i++)
            Assert.InRange((sbyte)steps[i] * worth[i / Columns] - _matrix.AsSpan<float>()[i], -worth[i / Columns] * 0.5001f, worth[i / Columns] * 0.5001f);
    }

    [Fact]
    public void Value_that_is_no_number_is_refused()
    {
        _matrix.AsSpan<float>()[777] = float.NaN;
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), new Dictionary<string, Tensor> { ["w"] = _matrix });
        var data = new CheckpointData(ModelFiles.InFolder(_folder));
        Assert.Contains("'w'", Assert.Throws<UnsupportedPrecisionException>(() => new ChannelScales(_source, byRow: true).Read(data)).Message, StringComparison.Ordinal);
        Assert.Contains("'w'", Assert.Throws<UnsupportedPrecisionException>(() => new ChannelScales(_source, byRow: false).Read(data)).Message, StringComparison.Ordinal);
    }
}
