using System.Diagnostics;
using Gpux;
using Gpux.Registries;
using Gpux.Registries.Store;

// Pulls all files of the models named as arguments, and prints each file's path, then speed and peak memory.
try
{
    using var environment = new RegistryEnvironment();
    var store = new ModelStore(environment);
    foreach (var argument in args)
    {
        var model = await store.ResolveAsync(
            ModelReference.Parse(argument), Lookup.Default, progress: null, CancellationToken.None);
        var watch = Stopwatch.StartNew();
        var files = await store.FetchAsync(model, model.Manifest.Files, progress: null, CancellationToken.None);
        foreach (var name in files.Names)
            Console.WriteLine(files.Require(name));
        Console.Error.WriteLine(
            $"{model.Manifest.Files.Sum(file => file.SizeBytes ?? 0) / watch.Elapsed.TotalSeconds / 1e6:0} MB/s, "
            + $"peak {Process.GetCurrentProcess().PeakWorkingSet64 / 1e6:0} MB");
    }
    return 0;
}
catch (GpuxException exception)
{
    Console.Error.WriteLine($"GPUX{(int)exception.Code}: {exception.Message} {exception.Remedy}");
    return 1;
}
