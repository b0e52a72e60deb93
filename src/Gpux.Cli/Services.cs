using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Projects;
using Gpux.Registries;

namespace Gpux.Cli;

/// <summary>What commands work with; made when first used.</summary>
internal sealed class Services(Terminal terminal) : IDisposable
{
    private readonly Lazy<ModelLibrary> _library = new(() => new ModelLibrary(new RegistryEnvironment()));

    public Terminal Terminal { get; } = terminal;
    public ModelLibrary Library => _library.Value;

    /// <summary>Reads what a user calls a model. A folder with a gpux.yml means the model that the file names.</summary>
    public static ModelReference Reference(string text) => Project(text) switch { var (reference, project) => project?.Model ?? reference };

    /// <summary>Reads what a user calls a model, and the gpux.yml of the folder where there is one.</summary>
    public static (ModelReference Reference, ProjectFile? Project) Project(string text)
    {
        var reference = Parse(text);
        return (reference, ProjectFile.Find(reference, Parse));
    }

    private static ModelReference Parse(string text) => ModelReference.Parse(text, [.. RegistryCatalog.All.Select(entry => entry.Name)],
        Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? uri : null);

    public void Dispose()
    {
        if (_library.IsValueCreated)
            _library.Value.Dispose();
    }
}
