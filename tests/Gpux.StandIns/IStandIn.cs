namespace Gpux.StandIns;

/// <summary>Servers that stand in for a registry, with a model on them: what every registry is tested with in the same
/// ways.</summary>
public interface IStandIn : IAsyncDisposable
{
    /// <summary>The registry's own server first; then others that it sends its clients to, none of which may see its
    /// credential.</summary>
    IReadOnlyList<LoopbackServer> Servers { get; }

    /// <summary>Environment variables that point a client here, with a credential.</summary>
    IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>What a user writes to pull the model.</summary>
    string Reference { get; }

    /// <summary>Its files as they are after a pull of everything, by name. One has at least 1 MB.</summary>
    IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>What must be seen neither by other servers nor in any output.</summary>
    string Secret { get; }

    /// <summary>What goes wrong with the next requests for files.</summary>
    FaultList Faults { get; }
}
