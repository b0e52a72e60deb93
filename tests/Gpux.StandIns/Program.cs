using Gpux.StandIns;

// Serves a folder of repositories (owner/name/files) as a Hub until standard input ends: for tests of whole programs.
// Usage: Gpux.StandIns FOLDER [PORT]; prints the endpoint to set as HF_ENDPOINT.
if (args is not [var folder, .. var rest] || !Directory.Exists(folder) || rest.Length > 1)
{
    Console.Error.WriteLine("Usage: Gpux.StandIns FOLDER [PORT]");
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
