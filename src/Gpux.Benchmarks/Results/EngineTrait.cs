using System.Globalization;

namespace Gpux.Benchmarks.Results;

/// <summary>What of an engine must be the same for times to be put together. Its options are not: they say of what it was made, in words of its own.</summary>
/// <param name="Name">For people: "provider".</param>
internal sealed record EngineTrait(string Name, Func<Engine, string?> Value)
{
    /// <summary>From what changes times most.</summary>
    public static IReadOnlyList<EngineTrait> All { get; } =
    [
        new("provider", engine => engine.ExecutionProvider),
        new("runtime", engine => $"{engine.Backend} {engine.Version}".Trim()),
        new("driver", engine => engine.DriverVersion),
        new("threads", engine => engine.Threads?.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>All of an engine's, as one text: the same for engines whose times may be put together.</summary>
    public static string AllOf(Engine engine) => string.Join('\n', All.Select(trait => trait.Of(engine)));

    /// <summary>"unknown" where the engine does not say it.</summary>
    public string Of(Engine engine) => Value(engine) is { Length: > 0 } value ? value : "unknown";
}
