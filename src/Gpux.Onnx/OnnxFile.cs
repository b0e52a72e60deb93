namespace Gpux.Onnx;

/// <summary>An ONNX file that is open: its model, whose large data are parts of the mapped file.</summary>
/// <remarks>Keep it until the model's data are not needed any more. After <see cref="Dispose"/> the model's names and structure stay,
/// and its tensors' data throw when they are touched.
/// On Windows the file cannot be replaced before.</remarks>
public sealed class OnnxFile : IDisposable
{
    private readonly MappedRegion _region;

    internal OnnxFile(string path, MappedRegion region, OnnxModel model)
    {
        Path = path;
        _region = region;
        Model = model;
    }

    public string Path { get; }
    public OnnxModel Model { get; }

    /// <summary>Maps the elements of a tensor of this model that lie in another file.</summary>
    /// <remarks>That file lies, as ONNX Runtime demands, in the folder of <see cref="Path"/> or, where these are links as in the
    /// Hub's cache, in the folder that the model's file really is in.</remarks>
    /// <inheritdoc cref="OnnxReader.ReadExternal"/>
    public MappedRegion ReadExternal(OnnxTensor tensor) =>
        OnnxReader.ReadExternal(tensor, FolderOf(System.IO.Path.GetFullPath(Path)), FolderOf(ExternalLocation.RealPath(Path)));

    // Not null: a file lies in a folder.
    private static string FolderOf(string path) => System.IO.Path.GetDirectoryName(path)!;

    public void Dispose() => _region.Dispose();
}
