using System.Security.Cryptography;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;

namespace Gpux.Bench.Benches;

/// <summary>How fast does a file come, what does that cost, and what do slow, distant and unreliable servers change?</summary>
/// <remarks>Ours and aria2 verify the SHA-256; curl and the Hub's client do not. Files go to the same disk, and start from
/// nothing.</remarks>
internal static class PullBench
{
    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("The pull bench needs Linux: its server uses sendfile.");
        var size = settings.Quick ? 32 : 512;
        foreach (var row in Compare(settings, "no limit", size, new ServerManners(), rounds: 7))
            yield return row;
        foreach (var row in Compare(settings, "10 MB/s a connection", size / 2, new ServerManners(BytesPerSecond: 10_000_000), rounds: 3))
            yield return row;
        foreach (var row in Compare(settings, "50 ms before each answer", size / 4, new ServerManners(Latency: TimeSpan.FromMilliseconds(50)), rounds: 5))
            yield return row;
        foreach (var row in Compare(settings, "cut after 20 MB", size / 4, new ServerManners(CutAfterBytes: 20_000_000), rounds: 5))
            yield return row;
    }

    private static IEnumerable<Row> Compare(BenchSettings settings, string name, int megabytes, ServerManners manners, int rounds)
    {
        var (file, sha256) = Made(settings, megabytes);
        using var server = new FileServer(file, sha256, manners);
        var scratch = settings.Made("pull");
        ProgramRun Run(string program, IReadOnlyList<string> arguments, Dictionary<string, string>? variables = null) =>
            new(program, arguments, variables ?? []);
        (string Name, ProgramRun Program)[] contenders =
        [
            ("ours", Run(Path.Combine(settings.Root, "artifacts", "bench", "pull", "Pull"), ["hf:bench/pull"], new()
            {
                ["HF_ENDPOINT"] = server.Address, ["HF_HUB_CACHE"] = Path.Combine(scratch, "ours"), ["GPUX_HOME"] = Path.Combine(scratch, "ours-home"),
                ["HF_HUB_OFFLINE"] = "", ["HF_TOKEN"] = "", ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1",
            })),
            // Retries with -C - go on where the file ends only in a new process.
            ("curl, unverified", Run("/bin/sh", ["-c", "until curl -sS -C - -o \"$1\" \"$2\" 2>/dev/null; do :; done", "sh", Path.Combine(scratch, "curl"), server.FileAddress])),
            ("aria2c -x16 -s16, verified", Run("aria2c", ["-x16", "-s16", "-k1M", "-q", "--max-tries=0", $"--checksum=sha-256={sha256}",
                "-d", scratch, "-o", "aria2", server.FileAddress])),
            ("@huggingface/hub, unverified", Run("node", [Path.Combine(settings.NodeScripts, "pull.mjs"), Path.Combine(scratch, "node"), server.Address])),
        ];
        // The Hub's client does not go on after a broken connection.
        if (manners.CutAfterBytes is not null)
            contenders = contenders[..^1];
        var missing = contenders.Where(contender => !IsInstalled(contender.Name.StartsWith("curl", StringComparison.Ordinal) ? "curl" : contender.Program.File)).ToArray();
        contenders = [.. contenders.Except(missing)];

        double Clean(Func<double> measure)
        {
            if (Directory.Exists(scratch))
                Directory.Delete(scratch, recursive: true);
            Directory.CreateDirectory(scratch);
            return measure();
        }
        var processor = new List<double>[contenders.Length];
        var measured = new Func<double>[contenders.Length];
        for (var i = 0; i < contenders.Length; i++)
        {
            var (program, seconds) = (contenders[i].Program, processor[i] = []);
            measured[i] = () => Clean(() =>
            {
                var before = ChildUsage.Seconds();
                var milliseconds = program.Milliseconds();
                seconds.Add((ChildUsage.Seconds() - before) * 1000);
                return milliseconds;
            });
        }
        var times = Alternation.Measure(1, settings.Rounds(rounds), measured);
        var memory = Array.ConvertAll(contenders, contender => Clean(() => contender.Program.PeakMemory() ?? double.NaN));
        Clean(() => 0);
        for (var i = 1; i < contenders.Length; i++)
        {
            var title = $"{megabytes} MiB, {name}";
            yield return new Row(title, "ms", times[0], times[i], contenders[i].Name);
            yield return new Row($"{title}, processor time", "ms", new Series([.. processor[0].Skip(1)]), new Series([.. processor[i].Skip(1)]), contenders[i].Name);
            yield return new Row($"{title}, peak resident memory", "MB", new Series([memory[0]]), new Series([memory[i]]), contenders[i].Name);
        }
        foreach (var (peer, _) in missing)
            yield return new Row($"{megabytes} MiB, {name}", "ms", times[0], null, $"{peer}: not found; eng/bench-tools.sh installs it");
    }

    private static bool IsInstalled(string program) => File.Exists(program) || Environment.GetEnvironmentVariable("PATH")!
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program))); // every process has a path

    private static (string File, string Sha256) Made(BenchSettings settings, int megabytes)
    {
        var path = settings.Made($"pull-{megabytes}.bin");
        if (!File.Exists(path) || new FileInfo(path).Length != (long)megabytes << 20)
        {
            var (chance, block) = (new Random(megabytes), new byte[1 << 20]);
            using var file = File.Create(path);
            for (var i = 0; i < megabytes; i++)
            {
                chance.NextBytes(block);
                file.Write(block);
            }
        }
        using var made = File.OpenRead(path);
        return (path, Convert.ToHexStringLower(SHA256.HashData(made)));
    }
}
