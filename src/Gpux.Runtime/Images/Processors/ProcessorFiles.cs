using System.Text.Json;

namespace Gpux.Runtime.Images.Processors;

/// <summary>The JSON files of a repository that a processor is described in.</summary>
internal sealed class ProcessorFiles(Func<string, string?> repositoryFile)
{
    // The largest known holds the 512 colours of ImageGPT.
    private const int MaxBytes = 4 << 20;

    /// <returns>The root object; null where the repository has no such file.</returns>
    public ProcessorConfig? Read(string name)
    {
        if (repositoryFile(name) is not { } path || !File.Exists(path))
            return null;
        if (new FileInfo(path).Length > MaxBytes)
            throw new InvalidImageProcessorException(name, $"it has more than {MaxBytes} bytes");
        try
        {
            using var document = StrictJson.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ProcessorConfig(name, document.RootElement.Clone())
                : throw new InvalidImageProcessorException(name, "it is not a JSON object");
        }
        catch (JsonException exception)
        {
            throw new InvalidImageProcessorException(name, "it is not JSON", exception);
        }
    }
}
