using System.Text.Json.Nodes;
using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Benchmarks.Roofline;
using Gpux.Models;
using Gpux.Models.Batches;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.Runtime.Pipelines;

namespace Gpux.Bench.Benches;

/// <summary>How many sentences become vectors in a second, tokenization included?</summary>
/// <remarks>Both read the same sentences. The peer computes batches of 16 in the order of the text, padded to the longest, as its users do,
/// and the same sorted by length, which is the best that can be done with it. The products of matrices that the sentences need without
/// padding, beside the machine's peak, say how far off the best is that anyone could do.</remarks>
internal static class EmbedBench
{
    private const int PeerBatch = 16;

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var prose = settings.Made("tokenize");
        if (!File.Exists(Path.Combine(prose, "text.txt")))
            settings.Program("node", Path.Combine(settings.NodeScripts, "inputs.mjs"), prose).Run();
        var repository = SentenceEncoder.Repository(settings, Path.Combine(prose, "bert-base-uncased"));
        using var environment = new RegistryEnvironment(name => name == "GPUX_HOME" ? settings.Made("home") : Environment.GetEnvironmentVariable(name));
        using var library = new ModelLibrary(environment);
        var reference = new ModelReference(ModelReference.Local, repository);
        var options = new OpenOptions(new PrepareOptions(Lookup.PreferStore)) { IsForManyInputs = true };
        using var pipeline = Await(library.OpenAsync(reference, options, progress: null, CancellationToken.None));
        var exported = settings.Made("embed-onnx");
        Await(library.ConvertAsync(reference, new PrepareOptions(Lookup.PreferStore), exported, Conversion.WeightStorage.Copied, progress: null, CancellationToken.None));
        var batches = new AnswerBatches(pipeline, new PipelineArguments(), options.Workers);
        var threads = Environment.ProcessorCount;
        var longest = LongestTokens(exported);

        foreach (var (name, texts) in (IEnumerable<(string, string[])>)[("16 words each", Sentences(prose, _ => 16)), ("4 to 80 words", Sentences(prose, random => random.Next(4, 81)))])
        {
            var file = settings.Made("embed.txt");
            var sentences = settings.Quick ? texts[..64] : texts;
            File.WriteAllLines(file, sentences);
            JsonObject Request(bool isSorted) => new() { ["folder"] = exported, ["text"] = file, ["batch"] = PeerBatch, ["sorted"] = isSorted };
            RequireSame(Embed(batches, sentences)[0], settings.Peer.Ask("embed", Request(false)));
            var times = Alternation.Measure(1, settings.Rounds(5), () => Alternation.Time(() => Embed(batches, sentences)),
                () => settings.Peer.Measure("embed", Request(false)), () => settings.Peer.Measure("embed", Request(true)), () => FmaPeak.Measure(threads));
            Series Rate(int contender) => times[contender].Rate(sentences.Length * 1000.0);
            var lengths = sentences.Select(sentence => Math.Min(pipeline.Model.Tokenizer.Encode(sentence).Count, longest)).ToArray();
            yield return new Row(name, "sentences/s", Rate(0), Rate(1), $"@huggingface/transformers, batches of {PeerBatch}");
            yield return new Row(name, "sentences/s", Rate(0), Rate(2), $"@huggingface/transformers, batches of {PeerBatch}, sorted by length");
            yield return new Row($"{name}, {lengths.Average():0.0} tokens each", "GFLOP/s", times[0].Rate(Flops(exported, lengths) / 1e6), times[3] with { HigherIsBetter = true }, FmaPeak.Name(threads));
        }
    }

    // English words of the prose, so that the lengths are those that are asked for.
    private static string[] Sentences(string prose, Func<Random, int> words)
    {
        var random = new Random(20261121);
        var all = File.ReadLines(Path.Combine(prose, "text.txt")).Take(100).SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        return [.. Enumerable.Range(0, 1024).Select(_ => string.Join(' ', random.GetItems(all, words(random))))];
    }

    private static List<float[]> Embed(AnswerBatches batches, string[] sentences)
    {
        return Await(EmbedAsync());

        async Task<List<float[]>> EmbedAsync()
        {
            var vectors = new List<float[]>(sentences.Length);
            await foreach (var answers in batches.AnswerAsync(sentences.Select((text, i) => new BatchRow(i + 1, PipelineInput.Of(text)))))
                foreach (var answer in answers)
                    vectors.Add(((Features)answer.Result!).Values.AsSpan<float>().ToArray()); // a sentence that fails ends the bench
            return vectors;
        }
    }

    // What lies beyond is cut off.
    private static int LongestTokens(string repository) => Path.Combine(repository, "sentence_bert_config.json") is var file && File.Exists(file)
        && JsonNode.Parse(File.ReadAllText(file))?["max_seq_length"] is { } length ? length.GetValue<int>() : int.MaxValue;

    // What products of matrices need without padding; sentences of one length need the same.
    private static double Flops(string exported, int[] lengths) => lengths.CountBy(length => length).Sum(same => same.Value * (double)
        GraphCost.OfExtents(Path.Combine(exported, "model.onnx"), new Dictionary<string, long> { ["batch_size"] = 1, ["sequence_length"] = same.Key }).MatrixFlop);

    // Speed counts for nothing if the vectors are others.
    private static void RequireSame(float[] ours, JsonNode reply)
    {
        var peer = reply["first"]!.AsArray().Select(value => value!.GetValue<double>()).ToArray(); // of every reply
        if (ours.Length != peer.Length || ours.Zip(peer).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-4))
            throw new InvalidOperationException("The first sentence's vector is not the peer's.");
    }

    private static T Await<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
