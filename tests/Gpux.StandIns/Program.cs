using Gpux.StandIns;

// For tests of whole programs, until standard input ends. Usage:
//   Gpux.StandIns FOLDER [PORT]   serves a folder of repositories (owner/name/files) as a Hub; prints the endpoint for HF_ENDPOINT
//   Gpux.StandIns REGISTRY        stands in for a registry, with its model; prints the variables that lead a client to it
if (args is [var name] && StandInCatalog.All.Any(standIn => standIn.Name == name) && !Directory.Exists(name))
{
    await using var registry = await StandInCatalog.StartAsync(name);
    foreach (var (variable, value) in registry.Variables)
        Console.WriteLine($"{variable}={value}");
    Console.WriteLine();
    await Console.In.ReadToEndAsync();
    return 0;
}
if (args is not [var folder, .. var rest] || !Directory.Exists(folder) || rest.Length > 1)
{
    Console.Error.WriteLine($"Usage: Gpux.StandIns FOLDER [PORT], or one of {string.Join(", ", StandInCatalog.All.Select(standIn => standIn.Name))}");
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
