using System.Text.Json;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;

namespace Gpux.Bench.Benches;

/// <summary>How long does a user wait from pressing return to the answer, when the files are in the system's cache?</summary>
internal static class ColdStartBench
{
    private const string Text = "Où est la gare ?";

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var hello = settings.Program(settings.Hello);
        var version = settings.Program(settings.Gpux, "version");
        var ask = settings.Program(settings.Gpux, "run", "samples/language-id", Text, "--json");
        var model = settings.Made("language-id");
        settings.Program(settings.Gpux, "convert", "samples/language-id", "-o", model).Run();
        var askPeer = settings.Program("node", Path.Combine(settings.NodeScripts, "classify.mjs"), model, Text);
        RequireSameAnswer(ask.Run().Output, askPeer.Run().Output);

        var times = Alternation.Measure(2, settings.Rounds(15), version.Milliseconds, hello.Milliseconds, ask.Milliseconds, askPeer.Milliseconds);
        yield return new Row("gpux version", "ms", times[0], times[1], "hello world on .NET, compiled ahead");
        yield return new Row("gpux run samples/language-id", "ms", times[2], times[3], "node, @huggingface/transformers, same model");
        yield return new Row("gpux run samples/language-id", "ms", times[2], times[1], "hello world on .NET, compiled ahead");
        if (ask.PeakMemory() is { } ours && askPeer.PeakMemory() is { } peer)
            yield return new Row("gpux run samples/language-id, peak resident memory", "MB", new Series([ours]), new Series([peer]), "node, @huggingface/transformers, same model");
    }

    // Speed counts for nothing if the answer is another.
    private static void RequireSameAnswer(string ours, string peer)
    {
        if (Label(ours) is var (label, other) && Label(peer) is var (peerLabel, peerOther) && (label != peerLabel || Math.Abs(other - peerOther) > 1e-4))
            throw new InvalidOperationException($"GPUX answers {label} ({other}), @huggingface/transformers {peerLabel} ({peerOther}).");
    }

    private static (string Label, double Score) Label(string json)
    {
        using var document = JsonDocument.Parse(json);
        var best = document.RootElement;
        while (best.ValueKind == JsonValueKind.Array)
            best = best[0];
        return (best.GetProperty("label").GetString()!, best.GetProperty("score").GetDouble()); // both name every class
    }
}
