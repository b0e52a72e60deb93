using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>EnCodec: sound as the numbers of vectors, some for each frame.</summary>
/// <remarks>Source: arXiv:2210.13438; outputs of transformers 5.23, modeling_encodec.py, at the first of the configuration's bandwidths.</remarks>
internal static class Encodec
{
    private static readonly SoundCodec Codec = new("EncodecModel", json => json.Int("audio_channels", 1, minimum: 1), Encode, Decode, Ignore) { HasChunks = true };

    public static Architecture Architecture { get; } = new("encodec", "facebook/encodec_24khz", Codec.Heads);

    private static SeaNet Net(ModelConfig json)
    {
        if (json.Bool("normalize", false) || json.Has("chunk_length_s"))
            throw new UnsupportedModelException("This encodec codes sound in chunks, or makes it equally loud (chunk_length_s and normalize in config.json).",
                "Take one that codes sound as a whole, such as facebook/encodec_24khz.");
        return SeaNet.Of(json, [8, 5, 4, 2], "reflect", json.LayerCount("num_lstm_layers", 2));
    }

    private static Value Encode(Value sound, ModelConfig json, Weights weights)
    {
        var net = Net(json);
        var states = net.Encode(sound, weights["encoder"]).Transpose(0, 2, 1);
        var books = Books(weights);
        return states.Quantize(Math.Min(books.Count, BooksOfLeastBandwidth(json, net)), (left, i) =>
        {
            var number = left.Nearest(books[i]);
            return (number, books[i].Gather(number));
        });
    }

    private static Value Decode(Value codes, ModelConfig json, Weights weights) =>
        Net(json).Decode(codes.SumOf(Books(weights)).Transpose(0, 2, 1), weights["decoder"]);

    private static List<Value> Books(Weights weights)
    {
        var books = new List<Value>();
        for (var i = 0; weights.Has($"quantizer.layers.{i}"); i++)
            books.Add(weights[$"quantizer.layers.{i}.codebook"].Get("embed"));
        return books.Count > 0 ? books : [weights["quantizer.layers.0.codebook"].Get("embed")]; // which is missing, and said so
    }

    private static int BooksOfLeastBandwidth(ModelConfig json, SeaNet net)
    {
        var bandwidths = json.Numbers("target_bandwidths", 1.5, 3, 6, 12, 24);
        if (bandwidths.Count == 0)
            throw json.Invalid("target_bandwidths", "at least one was expected");
        var frames = Math.Ceiling(json.Int("sampling_rate", 24_000, minimum: 1) / (double)net.Hop); // of a second
        return (int)Math.Clamp(Math.Floor(bandwidths[0] * 1000 / (Math.Log2(json.Int("codebook_size", 1024, minimum: 2)) * frames)), 1, int.MaxValue);
    }

    // Of training.
    private static void Ignore(Weights weights)
    {
        for (var i = 0; weights.Has($"quantizer.layers.{i}"); i++)
            weights[$"quantizer.layers.{i}.codebook"].Ignore("cluster_size", "embed_avg", "inited", "embed");
    }
}
