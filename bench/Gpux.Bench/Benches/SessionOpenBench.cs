using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Runtime.Sessions;

namespace Gpux.Bench.Benches;

/// <summary>How long until a converted model can run, with its weights mapped as they are, or repacked for speed?</summary>
/// <remarks>Each session opens in a process of its own: what an earlier one gave back would spare the next most of its page faults.
/// A small session before it takes what only the first of a process pays.</remarks>
internal static class SessionOpenBench
{
    /// <summary>The first argument of this program when it is to be such a process; the model and "mapped" or "repacked" follow.</summary>
    public const string Child = "--open-session";

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var (model, first) = (ConvertedBert.Model(settings, settings.Bert, "cpu"), ConvertedBert.Model(settings, BertShape.Small, "cpu"));
        var itself = Environment.ProcessPath!; // started as a program of its own
        double Ours(string how) => double.Parse(new ProgramRun(itself, [Child, first, model, how], new Dictionary<string, string>()).Run().Output, CultureInfo.InvariantCulture);
        double Peer()
        {
            using var peer = new NodePeer(settings.NodeScripts);
            peer.Measure("open", new JsonObject { ["model"] = first });
            return peer.Measure("open", new JsonObject { ["model"] = model });
        }

        var times = Alternation.Measure(1, settings.Rounds(11), () => Ours("mapped"), () => Ours("repacked"), Peer);
        const string PeerName = "onnxruntime-node, same file";
        yield return new Row($"{settings.Bert.Name}, weights as they lie", "ms", times[0], times[2], PeerName);
        yield return new Row($"{settings.Bert.Name}, weights repacked (default)", "ms", times[1], times[2], PeerName);
    }

    /// <summary>Writes the milliseconds that opening takes.</summary>
    public static void OpenInThisProcess(string first, string model, string how)
    {
        var options = new SessionOptions { DisablePrepacking = how == "mapped" };
        InferenceSession.Open(first, options).Dispose();
        var started = Stopwatch.GetTimestamp();
        using var session = InferenceSession.Open(model, options);
        var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Console.WriteLine(time.ToString(CultureInfo.InvariantCulture));
    }
}
