using Gpux.Conversion.Checkpoints;
using Gpux.Onnx;

namespace Gpux.Conversion;

/// <summary>Makes tensors that name places in weight files hold these places themselves, mapped, while this is not disposed; or what
/// is prepared from them.</summary>
internal sealed class EmbeddedWeights : IDisposable
{
    /// <summary>More than tags and lengths of a tensor's elements and of the messages around them take, in bytes.</summary>
    public const int HeaderBytes = 32;

    private readonly List<MappedRegion> _regions = [];

    /// <param name="tensors">External ones that state their length.</param>
    public EmbeddedWeights(IReadOnlyList<OnnxTensor> tensors, ModelFiles files)
    {
        try
        {
            var prepared = new CheckpointData(files);
            foreach (var tensor in tensors)
            {
                var external = tensor.External!; // see the parameter
                tensor.External = null;
                if (external is PreparedData source)
                {
                    tensor.Data = source.ToBytes(prepared);
                    continue;
                }
                var region = MappedRegion.Open(files.Require(external.Location), external.Offset, external.Length);
                _regions.Add(region);
                tensor.Data = region.Memory;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var region in _regions)
            region.Dispose();
    }
}
