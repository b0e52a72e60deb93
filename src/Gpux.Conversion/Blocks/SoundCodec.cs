using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Codecs that learned to say sound in numbers: an encoder, codebooks, a decoder, each in a graph of its own. B = batch, C = channels,
/// L = samples, K = codebooks, T = frames.</summary>
/// <param name="Channels">Of the sound.</param>
/// <param name="Encode">Codes, int64 [B, K, T], of sound, float [B, C, L].</param>
/// <param name="Decode">Sound, float [B, C, L], of codes.</param>
/// <param name="Ignore">Accounts for weights that neither reads.</param>
internal sealed record SoundCodec(string ClassName, Func<ModelConfig, int> Channels, Func<Value, ModelConfig, Weights, Value> Encode,
    Func<Value, ModelConfig, Weights, Value> Decode, Action<Weights> Ignore)
{
    /// <summary>Whether codes have an axis of chunks before the others, of which there is one.</summary>
    public bool HasChunks { get; init; }

    /// <summary>There and back; and either way, as the methods "encode" and "decode" of the class.</summary>
    public IReadOnlyList<Head> Heads =>
    [
        new(ClassName, ModelTask.AudioCodec, (graph, json, weights) =>
        {
            var sound = Sound(graph, json);
            Ignore(weights);
            var codes = Encode(sound, json, weights);
            // What the last frame has beyond the end is cut off.
            var decoded = Decode(codes, json, weights).Slice(axis: 2, graph.Constant([0L]), graph.Extent(sound.Dim(2)), sound.Dim(2));
            return new Outputs { { "audio_codes", Codes(codes) }, { "audio_values", decoded } };
        }),
        new($"{ClassName}.encode", ModelTask.AudioCodec, (graph, json, weights) =>
        {
            Ignore(weights);
            weights.Ignore("decoder", "decoder_transformer", "upsample", "quantizer");
            return new Outputs { { "audio_codes", Codes(Encode(Sound(graph, json), json, weights)) } };
        }),
        new($"{ClassName}.decode", ModelTask.AudioCodec, (graph, json, weights) =>
        {
            Ignore(weights);
            weights.Ignore("encoder", "encoder_transformer", "downsample", "quantizer");
            var codes = HasChunks ? graph.Input("audio_codes", ElementType.Int64, 1, "batch_size", "num_codebooks", "frames").Squeeze(0)
                : graph.Input("audio_codes", ElementType.Int64, "batch_size", "num_codebooks", "frames");
            return new Outputs { { "audio_values", Decode(codes, json, weights) } };
        }),
    ];

    private Value Sound(GraphBuilder graph, ModelConfig json) => graph.Input("input_values", ElementType.Float32, "batch_size", Channels(json), "sequence_length");

    private Value Codes(Value codes) => HasChunks ? codes.Unsqueeze(0) : codes;
}

/// <summary>Vectors by number.</summary>
internal static class Codebooks
{
    /// <summary>Says vectors as numbers: each codebook says what those before have left (arXiv:2107.03312).</summary>
    /// <param name="vectors">[B, T, D].</param>
    /// <param name="count">How many codebooks are used.</param>
    /// <param name="nearest">The number of the nearest entry for each vector, int64 [B, T], and what it stands for, [B, T, D], by a codebook.</param>
    /// <returns>int64 [B, K, T].</returns>
    public static Value Quantize(this Value vectors, int count, Func<Value, int, (Value Numbers, Value Said)> nearest)
    {
        if (count < 1)
            throw new GraphException("quantizer", "At least one codebook was expected: the configuration states none.");
        var numbers = new List<Value>();
        for (var i = 0; i < count; i++)
        {
            var (number, said) = nearest(vectors, i);
            numbers.Add(number.Unsqueeze(1));
            vectors -= said;
        }
        return numbers.Concat(axis: 1);
    }

    /// <summary>The number of the entry that lies nearest to each vector: [B, T, D] to int64 [B, T].</summary>
    /// <param name="entries">[N, D].</param>
    public static Value Nearest(this Value vectors, Value entries) =>
        (vectors.MatMulTransposed(entries) * 2f - (entries * entries).Sum(axis: 1)).ArgMax(axis: 2);

    /// <summary>The sum of what the codes of all codebooks stand for: int64 [B, K, T] to [B, T, D].</summary>
    /// <param name="books">[N, D] each, of the first K or more codebooks.</param>
    public static Value SumOf(this Value codes, IReadOnlyList<Value> books)
    {
        var graph = codes.Graph;
        var size = books[0].Dim(0).Size!.Value; // weights have known extents
        var first = graph.Extent(codes.Dim(1)).Range(codes.Dim(1)) * graph.Constant(size); // [K]
        return books.Concat(axis: 0).Gather(codes + first.Unsqueeze(1)).Sum(axis: 1);
    }
}
