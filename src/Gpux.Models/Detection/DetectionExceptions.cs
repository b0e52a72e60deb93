namespace Gpux.Models.Detection;

/// <summary>The Hub does not confirm the model that was exported.</summary>
public sealed class HubVerificationException(ModelSource source, string problem) : GpuxException(
    ErrorCode.HubVerification,
    $"The Hub does not confirm {source.Id ?? source.Text}{(source.Revision is { } revision ? $"@{revision}" : "")}: {problem}",
    "Fetch it as it is now (gpux pull), correct the name or revision, or export without --verify-hub.");

/// <summary>An ONNX file does not say of which model it was made, and nothing beside it does.</summary>
public sealed class UnknownOriginException(string path, string problem) : GpuxException(
    ErrorCode.UnknownOrigin,
    $"What '{path}' needs to run cannot be found: {problem}.",
    $"Put config.json and the tokenizer's files beside it, or name its model: gpux metadata set {ShellWord.Of(path)} hf_hub_id=org/name hf_hub_revision=main")
{
    public string Path { get; } = path;
}

/// <summary>The first digits of a commit do not tell which one is meant.</summary>
public sealed class CommitPrefixException(string id, string prefix, string problem) : GpuxException(
    ErrorCode.CommitPrefix,
    $"Which commit of {id} is '{prefix}' cannot be told: {problem}.",
    $"Look the commit up at https://huggingface.co/{id}/commits/main, and write all of its 40 digits: gpux metadata set FILE hf_hub_revision=...");

/// <summary>A folder that is no repository holds several ONNX files.</summary>
public sealed class AmbiguousGraphException(string folder, IReadOnlyList<string> graphs) : GpuxException(
    ErrorCode.AmbiguousGraph,
    $"'{folder}' has no config.json and {graphs.Count} ONNX files: {string.Join(", ", graphs.Take(5))}{(graphs.Count > 5 ? ", ..." : "")}.",
    $"Name one of them, such as {System.IO.Path.Combine(folder, graphs[0])}.");
