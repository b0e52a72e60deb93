using System.Text.Json.Nodes;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Bench.Benches;

/// <summary>How fast does text become tokens, on one thread and on two?</summary>
/// <remarks>The text is 20 MB of prose in some 500 languages, drawn by a seed, in lines of 2000 characters; vocabularies are those of
/// bert-base-uncased, gpt2 and Llama 3, and a Unigram one made of the text. Every repetition reads the same text, so that words which a
/// tokenizer remembers are remembered by all.</remarks>
internal static class TokenizeBench
{
    private const int QuickLines = 500;
    private const string Engine = "tokenizers (the original engine), with offsets";

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var folder = settings.Made("tokenize");
        var text = Path.Combine(folder, "text.txt");
        var script = Path.Combine(settings.NodeScripts, "inputs.mjs");
        if (!File.Exists(text) || File.GetLastWriteTimeUtc(text) < File.GetLastWriteTimeUtc(script)) // of an older script
            settings.Program("node", script, folder).Run();
        if (settings.Quick)
            text = Excerpt(text);
        var lines = File.ReadAllText(text).Split('\n');
        var megabytes = new FileInfo(text).Length / 1e6;
        foreach (var (kind, name) in ((string, string)[])[("WordPiece", "bert-base-uncased"), ("byte-level BPE", "gpt2"), ("byte-level BPE", "llama3"), ("Unigram", "unigram")])
        {
            var repository = Path.Combine(folder, name);
            var tokenizer = Tokenizer.LoadFolder(repository);
            var (ids, otherIds) = (new IdList(), new IdList());
            JsonObject Request(string engine, bool together = false) =>
                new() { ["engine"] = engine, ["folder"] = repository, ["text"] = text, ["together"] = together };
            var expected = settings.Peer.Ask("tokenize", Request("tokenizers"));
            RequireSameIds(tokenizer, lines, expected);
            var times = Alternation.Measure(1, settings.Rounds(3), () => Encodings(tokenizer, lines), () => Ids(tokenizer, lines, ids),
                () => settings.Peer.Measure("tokenize", Request("tokenizers")), () => settings.Peer.Measure("tokenize", Request("transformers")),
                () => OnTwoThreads(tokenizer, lines, ids, otherIds), () => settings.Peer.Measure("tokenize", Request("tokenizers", together: true)));
            const string Script = "@huggingface/transformers, ids only";
            Row InMegabytes(string what, int ours, int peer, string peerName) =>
                new($"{kind} of {name}, {what}", "MB/s", times[ours].Rate(megabytes * 1000), times[peer].Rate(megabytes * 1000), peerName);
            yield return InMegabytes("with offsets", 0, 2, Engine);
            yield return InMegabytes("ids only", 1, 2, Engine);
            yield return InMegabytes("ids only", 1, 3, Script);
            yield return InMegabytes("ids only, two threads", 4, 5, $"{Engine}, a batch on all threads");
            var thousands = expected["count"]!.GetValue<double>(); // the peer counts always
            yield return new Row($"{kind} of {name}, ids only", "M ids/s", times[1].Rate(thousands / 1e3), times[2].Rate(thousands / 1e3), Engine);
            var loads = Alternation.Measure(2, settings.Rounds(7), () => Alternation.Time(() => Tokenizer.LoadFolder(repository)),
                () => settings.Peer.Measure("load", Request("tokenizers")));
            yield return new Row($"{kind} of {name}, loading", "ms", loads[0], loads[1], "tokenizers (the original engine)");
        }
    }

    private static string Excerpt(string text)
    {
        var path = text + ".excerpt";
        File.WriteAllText(path, string.Join('\n', File.ReadLines(text).Take(QuickLines)));
        return path;
    }

    private static double Encodings(Tokenizer tokenizer, string[] lines) => Alternation.Time(() =>
    {
        foreach (var line in lines)
            tokenizer.Encode(line);
    });

    private static double Ids(Tokenizer tokenizer, ReadOnlyMemory<string> lines, IdList ids) => Alternation.Time(() => AddIds(tokenizer, lines, ids));

    private static double OnTwoThreads(Tokenizer tokenizer, string[] lines, IdList ids, IdList otherIds) => Alternation.Time(() => Parallel.Invoke(
        () => AddIds(tokenizer, lines.AsMemory(0, lines.Length / 2), ids), () => AddIds(tokenizer, lines.AsMemory(lines.Length / 2), otherIds)));

    private static void AddIds(Tokenizer tokenizer, ReadOnlyMemory<string> lines, IdList ids)
    {
        ids.Clear();
        foreach (var line in lines.Span)
            tokenizer.EncodeIds(line, ids);
    }

    // Speed counts for nothing if the ids are others.
    private static void RequireSameIds(Tokenizer tokenizer, string[] lines, JsonNode expected)
    {
        var (count, hash) = (0, 2166136261u); // FNV-1a over ids
        foreach (var line in lines)
        {
            foreach (var id in tokenizer.Encode(line).Ids)
            {
                count++;
                hash = (hash ^ (uint)id) * 16777619;
            }
        }
        if (count != expected["count"]!.GetValue<int>() || hash != expected["hash"]!.GetValue<uint>()) // of every reply
            throw new InvalidOperationException($"GPUX makes {count} ids, the original engine {expected["count"]}, or they differ.");
    }
}
