namespace Gpux.StandIns;

/// <summary>A stand-in for each registry, by the name that stands before the colon of a reference.</summary>
public static class StandInCatalog
{
    public static IReadOnlyList<(string Name, Func<Task<IStandIn>> Start)> All { get; } =
    [
        ("hf", HubModelStandIn.StartAsync),
    ];

    public static Task<IStandIn> StartAsync(string name) => All.Single(standIn => standIn.Name == name).Start();
}
