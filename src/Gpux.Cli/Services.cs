using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Registries;

namespace Gpux.Cli;

/// <summary>What commands work with; made when first used.</summary>
internal sealed class Services(Terminal terminal) : IDisposable
{
    private readonly Lazy<ModelLibrary> _library = new(() => new ModelLibrary(new RegistryEnvironment()));

    public Terminal Terminal { get; } = terminal;
    public ModelLibrary Library => _library.Value;

    /// <summary>Reads what a user calls a model.</summary>
    public static ModelReference Reference(string text) => ModelReference.Parse(text, [.. RegistryCatalog.All.Select(entry => entry.Name)],
        Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } endpoint && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) ? uri : null);

    public void Dispose()
    {
        if (_library.IsValueCreated)
            _library.Value.Dispose();
    }
}
