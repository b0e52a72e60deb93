using System.Text.Json.Nodes;
using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Runtime.Sessions;

namespace Gpux.Bench.Benches;

/// <summary>How much of what the processor can do does an encoder use?</summary>
internal static class EncoderBench
{
    private const int Tokens = 128;

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var threads = Environment.ProcessorCount;
        var (fast, portable) = (ConvertedBert.Model(settings, settings.Bert, "cpu"), ConvertedBert.Model(settings, settings.Bert, "portable"));
        using var fastSession = InferenceSession.Open(fast);
        using var portableSession = InferenceSession.Open(portable);
        foreach (var (batch, rounds) in ((int, int)[])[(1, 25), (8, 9)])
        {
            var inputs = Inputs(batch);
            double Ours(InferenceSession session) => Alternation.Time(() => session.Run(inputs).Dispose());
            double Peer(string model) => settings.Peer.Measure("run", new JsonObject { ["model"] = model, ["batch"] = batch, ["tokens"] = Tokens });
            var series = Alternation.Measure(2, settings.Rounds(rounds), () => Ours(fastSession), () => Peer(fast), () => Ours(portableSession), () => Peer(portable), () => FmaPeak.Measure(threads));
            var name = $"{settings.Bert.Name} {batch}x{Tokens}";
            yield return new Row($"{name}, target cpu", "ms", series[0], series[1], "onnxruntime-node, same file");
            yield return new Row($"{name}, target portable", "ms", series[2], series[3], "onnxruntime-node, same file");
            yield return new Row($"{name}, target cpu", "GFLOP/s", series[0].Rate(settings.Bert.Flops(batch, Tokens) / 1e6),
                series[4] with { HigherIsBetter = true }, FmaPeak.Name(threads));
        }
        settings.Peer.CloseSessions();
    }

    private static Dictionary<string, Tensor> Inputs(int batch)
    {
        var shape = new Shape([batch, Tokens]);
        Tensor Filled(Func<int, long> value) => Tensor.Of([.. Enumerable.Range(0, batch * Tokens).Select(value)], shape);
        // The same ids as the peer's.
        return new() { ["input_ids"] = Filled(i => Id(i)), ["attention_mask"] = Filled(_ => 1), ["token_type_ids"] = Filled(_ => 0) };
    }

    // Within every vocabulary that is measured.
    private static long Id(int place) => 100 + place * 37 % 800;
}
