using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests;

/// <summary>A recorded model's repository whose config.json can be changed.</summary>
internal sealed class RepositoryCopy : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-test");
    private readonly string _original;

    public RepositoryCopy(string model)
    {
        var source = Corpus.PathOf("models", model, "repo");
        foreach (var path in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_folder.FullName, Path.GetRelativePath(source, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!); // below the folder
            File.Copy(path, target);
        }
        _original = File.ReadAllText(ConfigPath);
    }

    public ModelFiles Folder => ModelFiles.InFolder(_folder.FullName);

    public JsonObject Config => JsonNode.Parse(_original)!.AsObject(); // an object: the model converts

    private string ConfigPath => File.Exists(Path.Combine(_folder.FullName, "config.json")) ? Path.Combine(_folder.FullName, "config.json")
        : Path.Combine(_folder.FullName, "0_Transformer", "config.json");

    public void Write(Action<JsonObject> change)
    {
        var config = Config;
        change(config);
        File.WriteAllText(ConfigPath, config.ToJsonString());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
