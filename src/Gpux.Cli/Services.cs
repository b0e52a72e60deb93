using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Projects;
using Gpux.Registries;

namespace Gpux.Cli;

/// <summary>What commands work with; made when first used.</summary>
internal sealed class Services(Terminal terminal) : IDisposable
{
    private ModelLibrary? _library;

    public Terminal Terminal { get; } = terminal;
    public ModelLibrary Library => _library ??= new ModelLibrary(Environment);

    /// <summary>What registries and the store take from the machine.</summary>
    public RegistryEnvironment Environment { get; } = new();

    /// <summary>Reads what a user calls a model. A folder with a gpux.yml means the model that the file names.</summary>
    public ModelReference Reference(string text) => Project(text) switch { var (reference, project) => project?.Model ?? reference };

    /// <summary>Reads what a user calls a model, and the gpux.yml of the folder where there is one.</summary>
    public (ModelReference Reference, ProjectFile? Project) Project(string text)
    {
        var reference = Parse(text);
        return (reference, ProjectFile.Find(reference, Parse));
    }

    private ModelReference Parse(string text) => ModelReference.Parse(text, new ReferenceForms(RegistryCatalog.For(Environment)),
        Environment.Variable("HF_ENDPOINT") is { } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? uri : null);

    public void Dispose()
    {
        _library?.Dispose();
        Environment.Dispose();
    }
}
