using System.Security.Cryptography;
using System.Text.Json;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Verification;

namespace Gpux.Models.Verification;

/// <summary>Judges readers of weight files: every tensor's name, type, shape and bytes, or that a damaged file is refused.</summary>
internal static class CheckpointJudge
{
    public static CaseResult Judge(Recording recording)
    {
        var file = recording.Text("file");
        if (file is null || !CheckpointReader.Reads(file))
            return CaseResult.Unsupported(recording, $"checkpoint format of '{file ?? recording.Text("kind")}'");
        try
        {
            var files = ModelFiles.InFolder(recording.RepositoryFolder);
            var checkpoint = CheckpointReader.Read(files, file);
            var data = new CheckpointData(files);
            if (recording.Text("expect") != "refuse")
                return Compare(recording, checkpoint, data);
            // Compressed weights show their faults when they are opened.
            foreach (var tensor in checkpoint.Tensors.Values)
                data.Open(tensor);
            return CaseResult.Failed(recording, $"read, where it must be refused ({recording.Text("reason")})");
        }
        catch (GpuxException exception)
        {
            return recording.Text("expect") is "refuse" or "bounded" ? CaseResult.Passed(recording)
                : CaseResult.Failed(recording, exception.Message);
        }
    }

    private static CaseResult Compare(Recording recording, Checkpoint checkpoint, CheckpointData data)
    {
        var left = checkpoint.Tensors.Keys.ToHashSet();
        foreach (var expected in recording.Entries("tensors"))
        {
            var name = expected.GetProperty("name").GetString()!; // the format has names
            if (!left.Remove(name))
                return CaseResult.Failed(recording, $"tensor '{name}' is not found");
            var tensor = checkpoint.Tensors[name];
            var shape = new Shape([.. expected.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())]);
            if (TypeName(tensor.ElementType) != expected.GetProperty("dtype").GetString() || tensor.Shape != shape)
                return CaseResult.Failed(recording, $"{tensor} instead of {expected.GetProperty("dtype")}{shape}");
            if (Convert.ToHexStringLower(SHA256.HashData(data.Open(tensor).Bytes)) != expected.GetProperty("sha256").GetString())
                return CaseResult.Failed(recording, $"tensor '{name}' has other bytes");
        }
        if (left.Count > 0)
            return CaseResult.Failed(recording, $"tensor '{left.First()}' is not in the original");
        foreach (var (key, text) in Metadata(recording))
            if (checkpoint.Metadata.GetValueOrDefault(key) != text)
                return CaseResult.Failed(recording, $"metadata '{key}' is '{checkpoint.Metadata.GetValueOrDefault(key)}' instead of '{text}'");
        return CaseResult.Passed(recording);
    }

    // The corpus goes on where safetensors has no name.
    private static string TypeName(ElementType type) => type == ElementType.Complex128 ? "C128" : SafetensorsHeader.TypeName(type);

    private static IEnumerable<(string Key, string? Text)> Metadata(Recording recording) =>
        recording.Root.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            ? metadata.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetString())) : [];
}
