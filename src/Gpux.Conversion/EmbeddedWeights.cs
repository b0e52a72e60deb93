using Gpux.Onnx;

namespace Gpux.Conversion;

/// <summary>Makes tensors that name places in weight files hold these places themselves, mapped, while this is not disposed.</summary>
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
            foreach (var tensor in tensors)
            {
                var external = tensor.External!; // see the parameter
                var region = MappedRegion.Open(files.Require(external.Location), external.Offset, external.Length);
                _regions.Add(region);
                tensor.Data = region.Memory;
                tensor.External = null;
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
