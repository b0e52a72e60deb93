namespace Gpux.Onnx.Checking;

/// <summary>Checks that a tensor's elements are there: as many as its type and shape say, in the model or in a file beside it.</summary>
/// <param name="folder">Where external data lie; null to check only what the model says of them.</param>
internal sealed class TensorChecker(string? folder)
{
    private readonly Dictionary<string, DataFile> _files = [];

    /// <returns>The first thing that is wrong; null if nothing is.</returns>
    public string? Problem(OnnxTensor tensor)
    {
        if (tensor.ElementType == ElementType.Undefined)
            return "it has no element type";
        if (tensor.ElementType > ElementType.Int2)
            return $"ONNX has no element type {tensor.ElementType}";
        if (TensorSize.Elements(tensor.Dimensions) is not { } count)
            return "its extents are negative or too large";
        if (tensor.External is not null)
            return ExternalProblem(tensor, tensor.External);
        if (tensor.ElementType == ElementType.String)
            return tensor.Strings.Count == count ? null : $"it has {tensor.Strings.Count} strings where its shape needs {count}";
        if (TensorSize.Bytes(tensor) is not { } size)
            return "its extents are too large";
        return tensor.Data.Length == size ? null : $"it has {tensor.Data.Length} bytes where type and shape need {size}";
    }

    private string? ExternalProblem(OnnxTensor tensor, ExternalData external)
    {
        if (ExternalLocation.Problem(external.Location) is { } problem)
            return problem;
        if (tensor.ElementType == ElementType.String)
            return "strings cannot lie in another file";
        if (!tensor.Data.IsEmpty)
            return "its elements lie both in the model and in another file";
        if (TensorSize.Bytes(tensor) is not { } size)
            return "its extents are too large";
        if (external.Length is { } stated && stated != size)
            return $"it states {stated} bytes in '{external.Location}' where type and shape need {size}";
        if (external.Offset < 0 || external.Offset > long.MaxValue - size)
            return $"its offset {external.Offset} is impossible";
        if (folder is null)
            return null;
        if (!_files.TryGetValue(external.Location, out var file))
            _files.Add(external.Location, file = Open(Path.Join(folder, external.Location)));
        if (file.Length is not { } length)
            return $"its file '{external.Location}' is missing";
        return external.Offset + size <= length
            ? null
            : $"it ends at byte {external.Offset + size} of '{external.Location}', which has {length}";
    }

    // FileInfo would give the length of a link, and not of the file that it leads to.
    private static DataFile Open(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return new DataFile(RandomAccess.GetLength(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataFile(null);
        }
    }

    /// <param name="Length">In bytes; null if the file cannot be opened.</param>
    private sealed record DataFile(long? Length);
}
