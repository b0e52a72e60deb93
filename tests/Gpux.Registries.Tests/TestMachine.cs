using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests;

/// <summary>A machine of its own for a test: folders, variables, a clock that skips waits, and a stand-in Hub where
/// wanted.</summary>
internal sealed class TestMachine : IAsyncDisposable
{
    private readonly List<RegistryEnvironment> _environments = [];

    private TestMachine(HubStandIn? hub)
    {
        Hub = hub!; // Used only by tests that ask for one
        Variables = new Dictionary<string, string>
        {
            ["HOME"] = Folder,
            ["HF_HUB_CACHE"] = Cache,
            ["GPUX_HOME"] = Home,
            ["HF_ENDPOINT"] = hub?.Endpoint ?? "http://127.0.0.1:9", // The discard port: nothing answers
        };
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("gpux-registries-").FullName;
    public string Cache => Path.Combine(Folder, "cache");
    public string Home => Path.Combine(Folder, "home");
    public HubStandIn Hub { get; }
    public Dictionary<string, string> Variables { get; }
    public SkippingClock Clock { get; } = new();

    /// <summary>What a user's text names, in the forms of every registry.</summary>
    public static ModelReference Parse(string text) => ModelReference.Parse(text, new ReferenceForms(RegistryCatalog.All));

    public static TestMachine WithoutNetwork() => new(hub: null);

    public static async Task<TestMachine> StartAsync() => new(await HubStandIn.StartAsync());

    /// <summary>A machine that asks a stand-in, with its credential.</summary>
    public static TestMachine With(IStandIn standIn)
    {
        var machine = WithoutNetwork();
        foreach (var (name, value) in standIn.Variables)
            machine.Variables[name] = value;
        return machine;
    }

    /// <summary>A machine whose Hub has org/tiny, as it was recorded.</summary>
    public static async Task<TestMachine> StartWithTinyAsync()
    {
        var machine = await StartAsync();
        var tiny = machine.Hub.Add("org/tiny").WithFolder(Path.Combine(Golden.Hub, "repos", "org", "tiny"));
        tiny.Revisions["v1.0"] = new string('b', 39) + "2";
        tiny.Revisions["refs/pr/1"] = new string('c', 39) + "3";
        return machine;
    }

    public RegistryEnvironment Environment(TimeSpan? silenceLimit = null)
    {
        var environment = new RegistryEnvironment(
            Variables.GetValueOrDefault, Clock, TimeSpan.FromSeconds(5), silenceLimit ?? SkippingClock.Untouched);
        _environments.Add(environment);
        return environment;
    }

    public ModelStore Store(TimeSpan? silenceLimit = null) => new(Environment(silenceLimit));

    public string[] CachedFiles() => [.. Directory.EnumerateFiles(Cache, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Cache, file)).Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        foreach (var environment in _environments)
            environment.Dispose();
        if (Hub is not null)
            await Hub.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Lets waits for a retry end at once and keeps their lengths; other timers run as they should.</summary>
internal sealed class SkippingClock : TimeProvider
{
    /// <summary>A limit that this clock leaves alone.</summary>
    public static readonly TimeSpan Untouched = TimeSpan.FromSeconds(31);

    private readonly List<TimeSpan> _waits = [];

    public IReadOnlyList<TimeSpan> Waits
    {
        get
        {
            lock (_waits)
                return [.. _waits];
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.FromSeconds(1) || dueTime == Untouched)
            return base.CreateTimer(callback, state, dueTime, period);
        lock (_waits)
            _waits.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}

/// <summary>Data that comes with the tests.</summary>
internal static class Golden
{
    public static string Repository { get; } = FindRepository();

    /// <summary>Traffic and cache of huggingface_hub 2.4.0.</summary>
    public static string Hub { get; } = Path.Combine(Repository, "tests", "Golden", "http", "huggingface");

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "gpux.slnx")))
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder;
    }
}

internal static class TestExtensions
{
    public static Task<ResolvedModel> ResolveAsync(this ModelStore store, string model, Lookup lookup = Lookup.Default) =>
        store.ResolveAsync(TestMachine.Parse(model), lookup, progress: null, CancellationToken.None);

    public static Task<ModelFiles> FetchAsync(this ModelStore store, ResolvedModel model, params string[] paths) =>
        store.FetchAsync(model, [.. model.Manifest.Files.Where(file => paths.Length == 0 || paths.Contains(file.Path))],
            progress: null, CancellationToken.None);

    public static Task<ModelManifest> ResolveAsync(this IModelRegistry registry, string model) =>
        registry.ResolveAsync(TestMachine.Parse(model), CancellationToken.None);

    /// <summary>The files' bytes, by name.</summary>
    public static Dictionary<string, byte[]> Bytes(this ModelFiles files) =>
        files.Names.ToDictionary(name => name, name => File.ReadAllBytes(files.Require(name)));

    /// <summary>Bytes that look random and are the same on each run.</summary>
    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
