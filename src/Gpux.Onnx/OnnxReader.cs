using Gpux.Onnx.Protobuf;

namespace Gpux.Onnx;

/// <summary>Reads ONNX files, of friends and of strangers: time and memory are bounded by the file's size.</summary>
public static class OnnxReader
{
    /// <summary>Opens a file. It is mapped, not read: a tensor's data are loaded when they are touched.</summary>
    /// <exception cref="InvalidOnnxException">Not an ONNX model, or a damaged one, or one of 2 GiB or more.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static OnnxFile Open(string path)
    {
        var region = MappedRegion.Open(path);
        try
        {
            if (region.Length > int.MaxValue)
                throw new InvalidOnnxException(path, "", 0, $"it has {region.Length} bytes, and protobuf ends at 2 GiB");
            var model = Read(region.Memory, path);
            return new OnnxFile(path, region, model);
        }
        catch
        {
            region.Dispose();
            throw;
        }
    }

    /// <summary>Reads a model from memory. Its tensors' data are slices of <paramref name="file"/>, which must not change afterwards.</summary>
    /// <param name="name">What errors call the model, such as its path.</param>
    /// <exception cref="InvalidOnnxException">Not an ONNX model, or a damaged one.</exception>
    public static OnnxModel Read(ReadOnlyMemory<byte> file, string name = "The data") => Read(file, name, skipsElements: false);

    /// <summary>Reads a model but for the elements of its tensors: time does not grow with the weights.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string)"/>
    internal static OnnxModel ReadStructure(ReadOnlyMemory<byte> file, string name) => Read(file, name, skipsElements: true);

    private static OnnxModel Read(ReadOnlyMemory<byte> file, string name, bool skipsElements)
    {
        var parser = new ModelParser(file, skipsElements);
        try
        {
            return parser.Model();
        }
        catch (ProtobufException e)
        {
            throw new InvalidOnnxException(name, parser.DescribePlace(), e.Offset, e.Message);
        }
    }

    /// <summary>Maps the elements of a tensor that lie in another file.</summary>
    /// <param name="folder">The folder that the tensor's location starts from: that of the model's file.</param>
    /// <param name="trustedFolders">Where a symbolic link may lead besides <paramref name="folder"/>, such as the blobs of the Hub's
    /// cache. Links that lead elsewhere are refused: a model must not make us read other files of the machine.</param>
    /// <returns>Exactly the elements' bytes, as <see cref="OnnxTensor.Data"/> would hold them. The caller disposes it.</returns>
    /// <exception cref="ExternalDataException">The location is not inside the folder, or the file is missing, too short, or of another
    /// length than the tensor's type and shape need.</exception>
    public static MappedRegion ReadExternal(OnnxTensor tensor, string folder, params ReadOnlySpan<string> trustedFolders)
    {
        var external = tensor.External ?? throw new ArgumentException($"The elements of {tensor.Name} are not external.", nameof(tensor));
        if (ExternalLocation.Problem(external.Location) is { } problem)
            throw new ExternalDataException(tensor, problem);
        if (tensor.ElementType.BitSize() == 0)
            throw new ExternalDataException(tensor, $"elements of type {tensor.ElementType} cannot lie in another file");
        if (TensorSize.Bytes(tensor) is not { } needed)
            throw new ExternalDataException(tensor, "its extents are negative or too large");
        if (external.Length is { } stated && stated != needed)
            throw new ExternalDataException(tensor, $"it states {stated} bytes where type and shape need {needed}");
        try
        {
            var path = ExternalLocation.Resolve(folder, external.Location, trustedFolders)
                ?? throw new ExternalDataException(tensor, $"'{external.Location}' is a link that leads out of the model's folder");
            return MappedRegion.Open(path, external.Offset, needed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExternalDataException(tensor, $"'{external.Location}' cannot be read: {e.Message}", e);
        }
    }
}
