using Gpux.StandIns;

namespace Gpux.Registries.Tests;

/// <summary>A stand-in for each registry.</summary>
internal static class RegistryStandIns
{
    public static IReadOnlyList<(string Name, Func<Task<IStandIn>> Start)> All { get; } =
    [
        ("Hugging Face Hub", HubModelStandIn.StartAsync),
    ];

    public static Task<IStandIn> StartAsync(string name) => All.Single(standIn => standIn.Name == name).Start();
}
