namespace Gpux.Bench.Inputs;

/// <summary>A sentence encoder: the one that GPUX_BENCH_ENCODER names, or one of the shape of all-MiniLM-L6-v2 with random weights.</summary>
internal static class SentenceEncoder
{
    private static readonly BertShape MiniLm = new("minilm-l6", Hidden: 384, Layers: 6, Heads: 12, Inner: 1536, Vocabulary: 30522);

    /// <param name="tokenizer">A folder with the files of bert-base-uncased's tokenizer.</param>
    /// <returns>The repository's folder.</returns>
    public static string Repository(BenchSettings settings, string tokenizer)
    {
        if (Environment.GetEnvironmentVariable("GPUX_BENCH_ENCODER") is { Length: > 0 } chosen)
            return Path.GetFullPath(chosen);
        var folder = settings.Made(MiniLm.Name);
        MadeCheckpoint.Random(folder, MiniLm.Config, MiniLm.Tensors());
        foreach (var name in (ReadOnlySpan<string>)["tokenizer.json", "tokenizer_config.json"])
            File.Copy(Path.Combine(tokenizer, name), Path.Combine(folder, name), overwrite: true);
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), """{"pooling_mode": "mean"}""");
        File.WriteAllText(Path.Combine(folder, "sentence_bert_config.json"), """{"max_seq_length": 256}""");
        File.WriteAllText(Path.Combine(folder, "modules.json"), """
            [{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
             {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]
            """);
        return folder;
    }
}
