using System.Text;
using Gpux.Onnx;
using Gpux.Onnx.Metadata;

namespace Gpux.Models.Detection;

/// <summary>What an ONNX file says of the model that it was made of. Described in docs/formats/onnx-metadata.md.</summary>
/// <param name="Id">hf_hub_id: an id on the Hub, or of a model from elsewhere what its owner called it.</param>
/// <param name="Revision">hf_hub_revision: a commit, or the beginning of one as other exporters write it.</param>
/// <param name="IsOnHub">hf_model_type: whether <paramref name="Id"/> is an id on the Hub.</param>
/// <param name="Task">hf_pipeline_tag: what the model is for, by the Hub's names.</param>
/// <param name="ClassName">hf_class: the class of the original library.</param>
/// <param name="Config">hf_config: the model's config.json.</param>
public sealed record OnnxOrigin(string? Id, string? Revision, bool IsOnHub, string? Task, string? ClassName, string? Config)
{
    public const string IdKey = "hf_hub_id", RevisionKey = "hf_hub_revision", TypeKey = "hf_model_type", TaskKey = "hf_pipeline_tag",
        ClassKey = "hf_class", ConfigKey = "hf_config";

    /// <inheritdoc cref="ReadMetadata"/>
    public static OnnxOrigin Read(string path) => Of(ReadMetadata(path));

    /// <exception cref="InvalidOnnxException">Not an ONNX model.</exception>
    /// <exception cref="ModelNotFoundException">The file is missing or cannot be read.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> ReadMetadata(string path)
    {
        try
        {
            return OnnxMetadata.Read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelNotFoundException(path, $"'{path}' cannot be read: {exception.Message}", "Check the path and that you may read it.", exception);
        }
    }

    /// <param name="metadata">The pairs of a file.</param>
    public static OnnxOrigin Of(IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        string? Find(string key) => metadata.FirstOrDefault(pair => pair.Key == key).Value is { Length: > 0 } value ? value : null;
        var id = Find(IdKey);
        // Whoever states no type means the Hub, if the id can be one.
        var isOnHub = id is not null && ModelReference.HubIdProblem(id) is null && Find(TypeKey) is null or "hub";
        return new OnnxOrigin(id, Find(RevisionKey), isOnHub, Find(TaskKey), Find(ClassKey), Find(ConfigKey));
    }

    /// <summary>Whether the revision is the first digits of a commit, which other exporters record instead of all.</summary>
    internal bool HasPrefixOnly => Revision is { Length: >= 7 and < 40 } revision && revision.All(char.IsAsciiHexDigitLower);

    internal byte[]? ConfigBytes => Config is null ? null : Encoding.UTF8.GetBytes(Config);
}
