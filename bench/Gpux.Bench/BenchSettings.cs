using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;

namespace Gpux.Bench;

/// <summary>Where things are and how often to repeat; and the peer in Node, which starts when it is first needed.</summary>
/// <param name="Quick">Whether to measure just enough to see that everything works: smaller models, two repetitions.</param>
internal sealed record BenchSettings(bool Quick) : IDisposable
{
    private NodePeer? _peer;

    /// <summary>The repository.</summary>
    public string Root { get; } = Environment.GetEnvironmentVariable("GPUX_ROOT") is { Length: > 0 } root ? root
        : throw new InvalidOperationException("GPUX_ROOT names no folder: start this program by bench/run.");

    /// <summary>The program as ./gpux builds it.</summary>
    public string Gpux => Path.Combine(Root, "artifacts", "gpux", "gpux");

    public string Hello => Path.Combine(Root, "artifacts", "bench", "hello", "Hello");

    public string NodeScripts => Path.Combine(Root, "bench", "node");

    public NodePeer Peer => _peer ??= new NodePeer(NodeScripts);

    /// <summary>A file or folder for what the benches make and reuse.</summary>
    public string Made(string name)
    {
        var folder = Path.Combine(Root, "artifacts", "bench", "made");
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, name);
    }

    public int Rounds(int usual) => Quick ? 2 : usual;

    /// <summary>The shape that most benches measure; a small one when only the benches themselves are tried.</summary>
    public BertShape Bert => Quick ? BertShape.Small : BertShape.Base;

    /// <summary>The program's own store, so that a bench neither needs nor changes the user's.</summary>
    public ProgramRun Program(string file, params ReadOnlySpan<string> arguments) => new(file, arguments.ToArray(),
        new Dictionary<string, string> { ["GPUX_HOME"] = Made("home"), ["GPUX_SAMPLES"] = Path.Combine(Root, "samples") });

    public void Dispose() => _peer?.Dispose();
}
