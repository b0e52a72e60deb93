using System.Globalization;
using System.Runtime.InteropServices;
using Gpux.Models.Batches;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Embeddings;

/// <summary>Makes the embeddings of all rows of files.</summary>
/// <param name="workers">How many batches are computed at once.</param>
/// <param name="report">Told of every row that has no embedding, in order. Its vector is all zeros.</param>
public sealed class TextEmbedder(Pipeline pipeline, PipelineArguments arguments, int workers, Action<GpuxException> report)
{
    /// <summary>Writes the embeddings as one file, a vector for each row, in order. A run of the same command goes on where an earlier one
    /// ended.</summary>
    /// <param name="path">Its extension tells the format: .safetensors (tensor "embeddings"), .npy or .jsonl.</param>
    /// <exception cref="GpuxException">The model makes no embeddings, or a file cannot be used; that rows cannot is told in the summary.</exception>
    public async Task<BatchSummary> WriteAsync(IReadOnlyList<RowSource> sources, string path, VectorOptions options,
        IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        if (pipeline is not SentenceSimilarityPipeline)
            throw new UnfitTaskException(pipeline.Model.Name, pipeline.Task, "makes no embeddings of texts",
                "Take a model for sentence-similarity: gpux search --task sentence-similarity.");
        if (!VectorFile.Extensions.Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw new BatchOutputException(path, $"the format '{Path.GetExtension(path)}' is not written.", $"Name a file of one of these: {string.Join(", ", VectorFile.Extensions)}.");
        var full = FullWidth(cancellationToken);
        if (options.Dimensions is { } wanted && wanted > full)
            throw new EmbeddingWidthException(pipeline.Model.Name, full, wanted);
        var width = options.Dimensions ?? full;
        using var file = ResumableFile.Open(path,
            [pipeline.Model.Identity ?? pipeline.Model.Name, arguments.Describe(), $"{arguments.Strict} {width} {options.Dimensions is null} {options.Normalize}",
            .. sources.Select(source => $"{source.Describe()} {FileDigest.Of(source.Path)}")]);
        var resumed = file.Rows;
        var mustNormalize = options.Normalize || options.Dimensions is not null;
        var vector = new float[width];
        var rows = new SourceAnswers(new AnswerBatches(pipeline, arguments, workers), sources, report);
        await foreach (var answers in rows.AnswerAsync(resumed, "Embedding", progress, cancellationToken).ConfigureAwait(false))
        {
            file.Add(answers, () =>
            {
                foreach (var answer in answers)
                {
                    vector.AsSpan().Clear();
                    if (answer.Result is Features features)
                        features.Values.AsSpan<float>()[..width].CopyTo(vector);
                    if (mustNormalize)
                        VectorLength.MakeOne(vector);
                    file.Stream.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
                }
            });
        }
        file.Commit();
        file.CompleteAs(output => VectorFile.Write(path, output, file.Stream, file.Rows, width, options.Precision, Metadata(options, width), sources.SelectMany(source => source.Read())));
        return new BatchSummary(file.Rows, file.Failures, resumed) { Noted = rows.Noted, FirstNote = rows.FirstNote };
    }

    private int FullWidth(CancellationToken cancellationToken)
    {
        var output = pipeline.Model.Session.Outputs.FirstOrDefault(output => output.Name == ((ISequenceTask)pipeline).Output);
        if (output?.Dimensions is [.., { Size: { } width }])
            return (int)width;
        // A graph of another program's may not state it.
        return (int)((Features)pipeline.Run(PipelineInput.Of("."), arguments, cancellationToken)).Values.Shape.ElementCount;
    }

    private List<KeyValuePair<string, string>> Metadata(VectorOptions options, int width)
    {
        var settings = ((SentenceSimilarityPipeline)pipeline).Settings;
        return
        [
            new("model", pipeline.Model.Identity ?? pipeline.Model.Name),
            new("prompt", settings.Prompt(arguments) ?? ""),
            new("similarity", settings.Similarity),
            new("precision", options.Precision.ToString().ToLowerInvariant()),
            new("dimensions", width.ToString(CultureInfo.InvariantCulture)),
        ];
    }
}

/// <summary>A model's embeddings have fewer dimensions than are wanted.</summary>
public sealed class EmbeddingWidthException(string model, int width, int wanted) : GpuxException(ErrorCode.EmbeddingWidth,
    $"The embeddings of {model} have {width} dimensions, and {wanted} are wanted.", $"Give --dimensions {width} or fewer.")
{
    public int Width { get; } = width;
}
