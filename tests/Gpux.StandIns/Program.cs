using Gpux.StandIns;

// For tests of whole programs, until standard input ends. Usage:
//   Gpux.StandIns FOLDER [PORT]   serves a folder of repositories (owner/name/files) as a Hub; prints the endpoint for HF_ENDPOINT
//   Gpux.StandIns REGISTRY        stands in for a registry, with its model; prints the variables that lead a client to it
IReadOnlyDictionary<string, Func<Task<IStandIn>>> registries = new Dictionary<string, Func<Task<IStandIn>>>
{
    ["github"] = async () => await GitHubStandIn.StartAsync(),
    ["modelscope"] = async () => await ModelScopeStandIn.StartAsync(),
    ["oci"] = async () => await OciStandIn.StartAsync(),
    ["ollama"] = async () => await OllamaStandIn.StartAsync(),
    ["torchvision"] = async () => await TorchvisionStandIn.StartAsync(),
};
if (args is [var name] && registries.TryGetValue(name, out var start))
{
    await using var registry = await start();
    foreach (var (variable, value) in registry.Variables)
        Console.WriteLine($"{variable}={value}");
    Console.WriteLine();
    await Console.In.ReadToEndAsync();
    return 0;
}
if (args is not [var folder, .. var rest] || !Directory.Exists(folder) || rest.Length > 1)
{
    Console.Error.WriteLine($"Usage: Gpux.StandIns FOLDER [PORT], or one of {string.Join(", ", registries.Keys)}");
    return 2;
}
await using var hub = await HubStandIn.StartAsync(
    rest is [var port] ? int.Parse(port, System.Globalization.CultureInfo.InvariantCulture) : 0);
foreach (var owner in Directory.EnumerateDirectories(folder))
{
    foreach (var repository in Directory.EnumerateDirectories(owner))
        hub.Add($"{Path.GetFileName(owner)}/{Path.GetFileName(repository)}").WithFolder(repository);
}
Console.WriteLine(hub.Endpoint);
await Console.In.ReadToEndAsync();
return 0;
