using System.Text;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Hostile;

/// <summary>Every registry, every request of a pull, every kind of hostile answer: what comes is a typed error or the right bytes.</summary>
public sealed class HostileServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Registries => [.. StandInCatalog.All.Select(standIn => standIn.Name)];

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task The_good_model_is_fetched(string registry)
    {
        await using var standIn = await StandInCatalog.StartAsync(registry);
        using var client = new Client(standIn);
        Assert.Null(await client.PullAsync(SkippingClock.Untouched));
        client.AssertHasEverything();
        AssertNoSecretElsewhere(standIn);
    }

    [Theory]
    [MemberData(nameof(Registries))]
    [Trait("Category", "Slow")]
    public async Task A_hostile_answer_harms_nobody(string registry)
    {
        await using var standIn = await StandInCatalog.StartAsync(registry);
        await using var foreign = await LoopbackServer.StartAsync(0, (context, _) =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });
        var requests = await CountRequestsAsync(standIn);
        var failures = new StringBuilder();
        var refused = 0;
        var kinds = Hostility.All(foreign, [.. standIn.Files.Keys]);
        foreach (var kind in kinds)
        {
            var hostile = false;
            for (var at = 0; at < requests; at++)
            {
                // Losing patience takes time: some requests stand for all.
                if (kind.Stalls && at > 1 && at != requests / 2 && at != requests - 1)
                    continue;
                using var client = new Client(standIn);
                Apply(standIn, kind, at);
                var error = await client.TryPullAsync(kind.Stalls ? TimeSpan.FromMilliseconds(250) : SkippingClock.Untouched);
                foreach (var server in standIn.Servers)
                    server.Intercept = null;
                hostile |= error is GpuxException;
                if (error is not (null or GpuxException))
                    failures.AppendLine($"{kind.Name}, request {at}: {error.GetType().Name}: {error.Message} at {error.StackTrace?.Split('\n')[0]}");
                if (error is GpuxException && $"{error}".Contains(standIn.Secret, StringComparison.Ordinal))
                    failures.AppendLine($"{kind.Name}, request {at}: the error shows the secret");
                failures.Append(client.Problems($"{kind.Name}, request {at}", isWhole: error is null));
            }
            refused += hostile ? 1 : 0;
        }
        Assert.True(failures.Length == 0, failures.ToString());
        // Not all do harm: a bit of a text may be wrong without any harm. Most are noticed.
        Assert.True(refused >= 30, $"Only {refused} of {kinds.Count} kinds were refused.");
        AssertNoSecretElsewhere(standIn);
        Assert.All(foreign.Requests, request => Assert.DoesNotContain(standIn.Secret, string.Join('\n', request.Headers.Values), StringComparison.Ordinal));
        Assert.All(foreign.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    private static async Task<int> CountRequestsAsync(IStandIn standIn)
    {
        using var client = new Client(standIn);
        Assert.Null(await client.PullAsync(SkippingClock.Untouched));
        return standIn.Servers.Sum(server => server.Requests.Count);
    }

    // The n-th request and all after it to the same target: a client that tries again meets it again.
    private static void Apply(IStandIn standIn, Hostility kind, int at)
    {
        var (count, lockedTarget) = (-1, (string?)null);
        var gate = new Lock();
        foreach (var server in standIn.Servers)
        {
            server.Intercept = async (context, request, answer) =>
            {
                bool isHostile;
                lock (gate)
                {
                    count++;
                    if (count == at)
                        lockedTarget = request.Target.Split('?')[0];
                    isHostile = lockedTarget is not null && request.Target.Split('?')[0] == lockedTarget;
                }
                if (!isHostile)
                {
                    await answer();
                    return;
                }
                var body = context.Response.Body;
                await kind.Answer(context, async () =>
                {
                    using var good = new MemoryStream();
                    context.Response.Body = good;
                    await answer();
                    context.Response.Body = body;
                    return good.ToArray();
                });
            };
        }
    }

    private static void AssertNoSecretElsewhere(IStandIn standIn) => Assert.All(standIn.Servers.Skip(1).SelectMany(server => server.Requests), request =>
        Assert.DoesNotContain(standIn.Secret, $"{request.Target}\n{string.Join('\n', request.Headers.Values)}", StringComparison.Ordinal));

    /// <summary>A machine that pulls the stand-in's model.</summary>
    private sealed class Client : IDisposable
    {
        private readonly IStandIn _standIn;
        private readonly string _root = Directory.CreateTempSubdirectory("gpux-hostile-").FullName;
        private readonly List<RegistryEnvironment> _environments = [];
        private readonly Dictionary<string, string> _variables;

        public Client(IStandIn standIn)
        {
            _standIn = standIn;
            // The user's folder is not the top: what leads out of it is seen.
            var home = Directory.CreateDirectory(Path.Combine(_root, "a", "b", "c", "home")).FullName;
            _variables = new Dictionary<string, string>(standIn.Variables)
            {
                ["HOME"] = home, ["HF_HUB_CACHE"] = Path.Combine(home, "cache"), ["GPUX_HOME"] = Path.Combine(home, "gpux"), ["TMPDIR"] = home,
            };
        }

        /// <returns>The typed error; null if all went well.</returns>
        public async Task<GpuxException?> PullAsync(TimeSpan silenceLimit)
        {
            try
            {
                var environment = new RegistryEnvironment(_variables.GetValueOrDefault, new SkippingClock(), TimeSpan.FromSeconds(5), silenceLimit);
                _environments.Add(environment);
                var store = new ModelStore(environment);
                var reference = ModelReference.Parse(_standIn.Reference, new ReferenceForms(RegistryCatalog.For(environment)));
                var model = await store.ResolveAsync(reference, Lookup.Default, progress: null, CancellationToken.None);
                Manifest = model.Manifest;
                Files = await store.FetchAsync(model, model.Manifest.Files, progress: null, CancellationToken.None);
                return null;
            }
            catch (GpuxException exception)
            {
                return exception;
            }
        }

        public async Task<Exception?> TryPullAsync(TimeSpan silenceLimit)
        {
            try
            {
                return await PullAsync(silenceLimit).WaitAsync(Patience);
            }
            catch (Exception exception)
            {
                return exception;
            }
        }

        private ModelManifest? Manifest { get; set; }
        private ModelFiles? Files { get; set; }

        public void AssertHasEverything()
        {
            Assert.Equal(_standIn.Files.Keys.Order(StringComparer.Ordinal), Files!.Names.Order(StringComparer.Ordinal)); // a pull has succeeded
            Assert.All(_standIn.Files, file => Assert.Equal(file.Value, File.ReadAllBytes(Files.Require(file.Key))));
        }

        /// <summary>What a hostile answer has done that it must not: other bytes under a file's name, files outside.</summary>
        public string Problems(string what, bool isWhole)
        {
            var problems = new StringBuilder();
            foreach (var (name, content) in _standIn.Files)
            {
                // What the registry states of a file is held against it. Where it states nothing, a page and a pointer are told by
                // what they are.
                if (isWhole && Files?.Find(name) is { } path && new FileInfo(path).Length is var length && length != content.Length
                    && (!Fits(Manifest?.Find(name), length) || IsForeign(File.ReadAllText(path))))
                    problems.AppendLine($"{what}: {name} has {new FileInfo(path).Length} bytes of {content.Length}");
            }
            foreach (var path in Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories))
            {
                if (!path.StartsWith(Path.Combine(_root, "a", "b", "c", "home") + "/", StringComparison.Ordinal))
                    problems.AppendLine($"{what}: {path} was written");
                else if (new FileInfo(path) is { Length: < 1 << 20, LinkTarget: null } file
                    && Path.GetFileName(path) != "credentials.json" && File.ReadAllText(file.FullName).Contains(_standIn.Secret, StringComparison.Ordinal))
                    problems.AppendLine($"{what}: {path} holds the secret");
            }
            if (File.Exists("/tmp/gpux-hostile"))
                problems.AppendLine($"{what}: /tmp/gpux-hostile was written");
            return problems.ToString();
        }

        private static bool Fits(ModelFile? listed, long length) => listed is { Digest: null } && (listed.SizeBytes ?? length) == length;

        private static bool IsForeign(string text) =>
            text.StartsWith("<!DOCTYPE", StringComparison.Ordinal) || text.StartsWith("version https://git-lfs", StringComparison.Ordinal);

        public void Dispose()
        {
            foreach (var environment in _environments)
                environment.Dispose();
            Directory.Delete(_root, recursive: true);
        }
    }
}
