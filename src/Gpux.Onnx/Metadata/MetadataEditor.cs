using Microsoft.Win32.SafeHandles;

namespace Gpux.Onnx.Metadata;

/// <summary>Changes what ONNX files say of themselves, in place: weights are neither read nor written.</summary>
/// <remarks>Whoever opens the file meanwhile, or after the process was killed at any moment, sees the old or the new.</remarks>
public static class MetadataEditor
{
    /// <param name="isDryRun">Only says what would change.</param>
    /// <exception cref="InvalidOnnxException">Not an ONNX model, or a damaged one.</exception>
    /// <exception cref="InvalidMetadataException">The texts cannot be held, or the file would become too large.</exception>
    /// <exception cref="MetadataNotWritableException">The file may not be written, or another process has it open.</exception>
    /// <exception cref="StoredFileException">The file is kept under its digest, so it must not change.</exception>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    public static MetadataChange Edit(string path, MetadataEdit edit, bool isDryRun = false)
    {
        edit.Check(path);
        try
        {
            // A link stays one.
            var real = ExternalLocation.RealPath(path);
            if (IsNamedByDigest(real))
                throw new StoredFileException(path);
            OnnxMetadata.RequireContent(real);
            while (true)
            {
                if (TryEdit(real, edit, isDryRun) is { } change)
                    return change;
                CopyWithSpacer(real);
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelNotFoundException(path, $"There is no file '{path}'.", "Check the path.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MetadataNotWritableException(path, exception);
        }
    }

    /// <returns>Null if the file must be copied first.</returns>
    private static MetadataChange? TryEdit(string path, MetadataEdit edit, bool isDryRun)
    {
        // Alone: two edits at once would write into the same room.
        using var file = File.OpenHandle(path, FileMode.Open, isDryRun ? FileAccess.Read : FileAccess.ReadWrite, isDryRun ? FileShare.Read : FileShare.None);
        var fields = TopLevelField.ReadAll(file, path);
        var before = OnnxMetadata.Read(file, fields, path);
        var after = edit.Apply(before);
        var texts = edit.Texts().Where(text => TextOf(file, fields, text.Field, path) != text.Value).ToArray();
        if (texts.Length == 0 && before.SequenceEqual(after))
            return new MetadataChange(before, after, IsChanged: false, AddedBytes: 0);
        var steps = MetadataPlan.Make(file, path, fields, before, after, texts);
        if (steps is null && !isDryRun)
            return null;
        if (!isDryRun)
            Take(file, steps!); // null was returned above
        var grown = (steps ?? []).Sum(step => step.Kind switch
        {
            PatchKind.Extend => step.Bytes.Length,
            PatchKind.Truncate => step.Offset - fields[^1].End,
            _ => 0,
        });
        return new MetadataChange(before, after, IsChanged: true, grown);
    }

    private static void Take(SafeFileHandle file, IReadOnlyList<PatchStep> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            Take(file, steps[i]);
            // In this order on the disk too, should the power fail.
            if (steps[i].Kind != PatchKind.HideDouble || steps[i + 1].Kind != PatchKind.HideDouble) // another kind is last
                RandomAccess.FlushToDisk(file);
        }
    }

    private static void Take(SafeFileHandle file, PatchStep step)
    {
        if (step.Kind == PatchKind.Truncate)
        {
            RandomAccess.SetLength(file, step.Offset);
            return;
        }
        try
        {
            RandomAccess.Write(file, step.Bytes, step.Offset);
        }
        catch (IOException) when (step.Kind == PatchKind.Extend)
        {
            RandomAccess.SetLength(file, step.Offset); // a full disk: what came of it means nothing, and goes
            throw;
        }
    }

    private static string TextOf(SafeFileHandle file, List<TopLevelField> fields, int number, string path)
    {
        var left = OnnxMetadata.LimitBytes;
        var last = fields.FindLastIndex(field => field.Number == number);
        return last < 0 ? "" : System.Text.Encoding.UTF8.GetString(OnnxMetadata.Value(file, fields[last], ref left, path));
    }

    private static void CopyWithSpacer(string path)
    {
        var temporary = Path.Join(Path.GetDirectoryName(path), $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            File.Copy(path, temporary);
            using (var copy = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                RandomAccess.Write(copy, MetadataPlan.Spacer, RandomAccess.GetLength(copy));
                RandomAccess.FlushToDisk(copy);
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    // As the Hub's cache and GPUX's store keep files: in a folder of blobs, under 40 to 64 hexadecimal digits.
    private static bool IsNamedByDigest(string path)
    {
        var parts = path.Split(Path.DirectorySeparatorChar);
        return Array.IndexOf(parts, "blobs", 0, parts.Length - 1) >= 0 && parts[^1].Length is 40 or 62 or 64 && parts[^1].All(char.IsAsciiHexDigitLower);
    }
}
