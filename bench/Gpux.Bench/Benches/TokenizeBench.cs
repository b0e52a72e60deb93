using System.Text.Json.Nodes;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Bench.Benches;

/// <summary>How fast does text become tokens on one thread?</summary>
/// <remarks>The text is 1 MB of prose in 35 languages, in lines of 2000 characters; vocabularies are those of bert-base-uncased and gpt2.
/// Every repetition reads the same text, so that words which a tokenizer remembers are remembered by all.</remarks>
internal static class TokenizeBench
{
    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var folder = settings.Made("tokenize");
        var text = Path.Combine(folder, "text.txt");
        if (!File.Exists(text))
            settings.Program("node", Path.Combine(settings.NodeScripts, "inputs.mjs"), folder).Run();
        var lines = File.ReadAllText(text).Split('\n');
        var megabytes = new FileInfo(text).Length / 1e6;
        foreach (var (kind, name) in ((string, string)[])[("WordPiece", "bert-base-uncased"), ("byte-level BPE", "gpt2")])
        {
            var repository = Path.Combine(folder, name);
            var tokenizer = Tokenizer.LoadFolder(repository);
            var ids = new IdList();
            JsonObject Request(string engine) => new() { ["engine"] = engine, ["folder"] = repository, ["text"] = text };
            var (reference, other) = (Request("tokenizers"), Request("transformers"));
            var expected = settings.Peer.Ask("tokenize", reference);
            RequireSameIds(tokenizer, lines, expected);
            var times = Alternation.Measure(3, settings.Rounds(11), () => Encodings(tokenizer, lines), () => Ids(tokenizer, lines, ids),
                () => settings.Peer.Measure("tokenize", reference), () => settings.Peer.Measure("tokenize", other));
            const string Engine = "tokenizers (the original engine), with offsets", Script = "@huggingface/transformers, ids only";
            Row InMegabytes(string what, int ours, int peer, string peerName) =>
                new($"{kind} of {name}, {what}", "MB/s", times[ours].Rate(megabytes * 1000), times[peer].Rate(megabytes * 1000), peerName);
            yield return InMegabytes("with offsets", 0, 2, Engine);
            yield return InMegabytes("ids only", 1, 2, Engine);
            yield return InMegabytes("ids only", 1, 3, Script);
            var thousands = expected["count"]!.GetValue<double>(); // the peer counts always
            yield return new Row($"{kind} of {name}, ids only", "M ids/s", times[1].Rate(thousands / 1e3), times[2].Rate(thousands / 1e3), Engine);
        }
    }

    private static double Encodings(Tokenizer tokenizer, string[] lines) => Alternation.Time(() =>
    {
        foreach (var line in lines)
            tokenizer.Encode(line);
    });

    private static double Ids(Tokenizer tokenizer, string[] lines, IdList ids) => Alternation.Time(() =>
    {
        ids.Clear();
        foreach (var line in lines)
            tokenizer.EncodeIds(line, ids);
    });

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
