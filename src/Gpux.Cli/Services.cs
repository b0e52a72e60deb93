using Gpux.Cli.Terminals;
using Gpux.Models;
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

    /// <summary>Reads what a user calls a model.</summary>
    public ModelReference Reference(string text) => ModelReference.Parse(text, new ReferenceForms(RegistryCatalog.For(Environment)),
        Environment.Variable("HF_ENDPOINT") is { } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? uri : null);

    public void Dispose()
    {
        _library?.Dispose();
        Environment.Dispose();
    }
}
