namespace Gpux.Onnx.Metadata;

/// <summary>A file beside a model that holds elements of its tensors.</summary>
/// <param name="Location">As the model names it, relative to its folder.</param>
/// <param name="TensorCount">How many tensors lie in it.</param>
/// <param name="NeededBytes">Where the last of them ends, as far as the model states it.</param>
/// <param name="SizeBytes">The size that the file has; null if it is not there, or may not be looked at.</param>
/// <param name="Problem">Why it cannot be used, as a clause; null if nothing speaks against it.</param>
public sealed record ExternalFile(string Location, int TensorCount, long NeededBytes, long? SizeBytes, string? Problem)
{
    internal static IReadOnlyList<ExternalFile> Of(List<OnnxTensor> tensors, string modelPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!; // a file lies in a folder
        var realFolder = Path.GetDirectoryName(ExternalLocation.RealPath(modelPath))!; // likewise
        return [.. tensors.Where(tensor => tensor.External is not null).GroupBy(tensor => tensor.External!.Location) // filtered
            .OrderBy(file => file.Key, StringComparer.Ordinal)
            .Select(file => Look(file.Key, file.Count(), file.Max(End), folder, realFolder))];
    }

    private static ExternalFile Look(string location, int count, long needed, string folder, string realFolder)
    {
        var file = new ExternalFile(location, count, needed, null, null);
        if (ExternalLocation.Problem(location) is { } problem)
            return file with { Problem = problem };
        try
        {
            if (ExternalLocation.Resolve(folder, location, realFolder) is not { } path)
                return file with { Problem = "it is a link that leads out of the model's folder" };
            if (new FileInfo(path) is not { Exists: true, Length: var size })
                return file with { Problem = "it is not there" };
            return file with { SizeBytes = size, Problem = size < needed ? $"it has {size} bytes where {needed} are needed" : null };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return file with { Problem = exception.Message };
        }
    }

    // Sums of what a stranger states may exceed any number.
    private static long End(OnnxTensor tensor)
    {
        var external = tensor.External!; // the caller has filtered
        var length = external.Length ?? TensorSize.Bytes(tensor) ?? 0;
        return external.Offset > long.MaxValue - length ? long.MaxValue : external.Offset + length;
    }
}
