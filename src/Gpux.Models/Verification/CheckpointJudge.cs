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
        if (file is null || !IsSafetensors(file))
            return CaseResult.Unsupported(recording, $"checkpoint format of '{file ?? recording.Text("kind")}'");
        try
        {
            var files = ModelFiles.InFolder(recording.RepositoryFolder);
            var checkpoint = SafetensorsReader.Read(files, file);
            return recording.Text("expect") == "refuse"
                ? CaseResult.Failed(recording, $"read, where it must be refused ({recording.Text("reason")})")
                : Compare(recording, checkpoint, new CheckpointData(files));
        }
        catch (GpuxException exception)
        {
            return recording.Text("expect") is "refuse" or "bounded" ? CaseResult.Passed(recording)
                : CaseResult.Failed(recording, exception.Message);
        }
    }

    private static bool IsSafetensors(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal)
        || file.EndsWith(".safetensors.index.json", StringComparison.Ordinal);

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
            if (SafetensorsHeader.TypeName(tensor.ElementType) != expected.GetProperty("dtype").GetString() || tensor.Shape != shape)
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

    private static IEnumerable<(string Key, string? Text)> Metadata(Recording recording) =>
        recording.Root.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
            ? metadata.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetString())) : [];
}
