using Gpux;
using Gpux.Registries;
using Gpux.Registries.Store;

// Fetches and verifies all files of the model that the argument names, and prints their paths.
using var environment = new RegistryEnvironment();
var store = new ModelStore(environment);
var model = await store.ResolveAsync(ModelReference.Parse(args[0]), Lookup.Default, progress: null, CancellationToken.None);
var files = await store.FetchAsync(model, model.Manifest.Files, progress: null, CancellationToken.None);
foreach (var name in files.Names)
    Console.WriteLine(files.Require(name));
