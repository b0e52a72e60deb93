using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Gpux.Conversion.Checkpoints;
using Gpux.Models.Batches;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Embeddings;

/// <summary>A row that is like a query.</summary>
/// <param name="Score">By the model's own measure.</param>
/// <param name="Line">Where the row begins in its file, from 1.</param>
public sealed record CorpusMatch(float Score, long Line, string Text);

/// <summary>Finds the rows of a file that are most like a query. The file's embeddings are made once, and kept by the digest of the file and
/// the identity of the model.</summary>
/// <param name="folder">Where embeddings are kept.</param>
public sealed class CorpusSearch(Pipeline pipeline, string folder, int workers, Action<GpuxException> report)
{
    /// <param name="queryPrompt">What is put before the query; null for the model's prompt of queries, or its default.</param>
    /// <param name="corpusPrompt">What is put before rows; null for the model's prompt of documents, or its default.</param>
    /// <returns>The most alike first, of equals the earlier row; empty rows and rows that cannot be read are left out.</returns>
    /// <exception cref="GpuxException">The model makes no embeddings, or the file cannot be used.</exception>
    public async Task<IReadOnlyList<CorpusMatch>> FindAsync(RowSource corpus, string query, int count, string? queryPrompt = null, string? corpusPrompt = null,
        IProgress<Progress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (pipeline is not SentenceSimilarityPipeline sentences)
            throw new UnfitTaskException(pipeline.Model.Name, pipeline.Task, "makes no embeddings of texts",
                "Take a model for sentence-similarity: gpux search --task sentence-similarity.");
        var measure = SimilarityMeasures.Find(sentences.Settings.Similarity) ?? throw new PipelineArgumentException("similarity_fn_name",
            $"{pipeline.Model.Name} compares by '{sentences.Settings.Similarity}', which is no known measure.", "Correct config_sentence_transformers.json of the model.");
        var vectors = await VectorsAsync(corpus, Prompted(corpusPrompt, sentences.Settings.DocumentPrompt), progress, cancellationToken).ConfigureAwait(false);
        var asked = (Features)pipeline.Run(PipelineInput.Of(query), Prompted(queryPrompt, sentences.Settings.QueryPrompt), cancellationToken);
        return Best(vectors, corpus, asked.Values, measure, count, cancellationToken);
    }

    private static PipelineArguments Prompted(string? prompt, string? name)
    {
        var arguments = new PipelineArguments();
        if (prompt is not null)
            arguments.Set("prompt", json => json.WriteStringValue(prompt));
        else if (name is not null)
            arguments.Set("prompt_name", json => json.WriteStringValue(name));
        return arguments;
    }

    private async Task<string> VectorsAsync(RowSource corpus, PipelineArguments arguments, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var key = string.Join('\n', pipeline.Model.Identity ?? pipeline.Model.Name, arguments.Describe(), corpus.Describe(), FileDigest.Of(corpus.Path));
        var path = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}.safetensors");
        if (File.Exists(path))
            Touch(path);
        else
            await new TextEmbedder(pipeline, arguments, workers, report).WriteAsync([corpus], path, new VectorOptions(), progress, cancellationToken).ConfigureAwait(false);
        return path;
    }

    // What was used lately is kept when the store is cleaned.
    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A home that may only be read still serves what is in it.
        }
    }

    private static List<CorpusMatch> Best(string path, RowSource corpus, Tensor query, SimilarityMeasure measure, int count, CancellationToken cancellationToken)
    {
        using var file = MappedRegion.Open(path);
        var header = SafetensorsHeader.ReadLength(file.Slice(0, SafetensorsHeader.PrefixBytes).Span, path, file.Length);
        var tensor = SafetensorsHeader.Parse(file.Slice(SafetensorsHeader.PrefixBytes, header).Span, path, file.Length).Tensors["embeddings"];
        var width = checked((int)tensor.Shape[1]);
        var asked = query.AsSpan<float>();
        // The worst of those kept on top: the least alike, of equals the later.
        var kept = new PriorityQueue<CorpusMatch, (float Score, long Before)>();
        var row = 0L;
        foreach (var text in corpus.Read())
        {
            if ((row & 0xFFF) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            var vector = MemoryMarshal.Cast<byte, float>(file.Slice(tensor.Offset + row * width * sizeof(float), width * sizeof(float)).Span);
            row++;
            if (text.Input?.Text is not { Length: > 0 } shown)
                continue;
            var score = measure(asked, vector);
            if (kept.Count == count && !(score > kept.Peek().Score))
                continue;
            if (kept.Count == count)
                kept.Dequeue();
            kept.Enqueue(new CorpusMatch(score, text.Line, shown), (score, -row));
        }
        var best = new List<CorpusMatch>(kept.Count);
        while (kept.TryDequeue(out var match, out _))
            best.Add(match);
        best.Reverse();
        return best;
    }
}
