using Gpux.Conversion.Architectures.Vision;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Swin2SR: layers of the second Swin at one resolution, which make an image larger or better.</summary>
/// <remarks>Source: arXiv:2209.11345; outputs of transformers 5.23, modeling_swin2sr.py.</remarks>
internal static class Swin2Sr
{
    public static Architecture Architecture { get; } = new("swin2sr", "caidas/swin2SR-classical-sr-x2-64",
    [
        new("Swin2SRForImageSuperResolution", ModelTask.ImageToImage, SuperResolution),
        new("Swin2SRModel", ModelTask.ImageFeatureExtraction, Model),
    ]);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("upsample", "final_convolution");
        return new Outputs { { "last_hidden_state", Encode(graph.Pixels(json.Channels()), json, weights.Body("swin2sr")) } };
    }

    private static Outputs SuperResolution(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var pixels = graph.Pixels(json.Channels());
        var (x, times, head) = (Encode(pixels, json, weights["swin2sr"]), json.Int("upscale", 2, minimum: 1), weights["upsample"]);
        var upsampler = json.Text("upsampler", "pixelshuffle");
        x = upsampler switch
        {
            "pixelshuffle" => Enlarge(x.Convolve(head["conv_before_upsample"]).LeakyRelu(), times, head["upsample"]).Convolve(head["final_convolution"]),
            "pixelshuffledirect" => x.Convolve(head["conv"]).PixelShuffle(times),
            "nearest+conv" => Nearest(x, head),
            "pixelshuffle_aux" => throw new UnsupportedModelException("This swin2sr has the upsampler 'pixelshuffle_aux'.", "Take one with pixelshuffle, pixelshuffledirect or nearest+conv."),
            // Without one the image keeps its size, and what was found is added to it.
            _ => pixels + x.Convolve(weights["final_convolution"]),
        };
        var (mean, range) = Scale(graph, json);
        x = x / range + mean;
        Value End(int axis) => graph.Extent(pixels.Dim(axis)) * graph.Constant([(long)times]);
        var none = graph.Constant([0L]);
        return new Outputs { { "reconstruction", x.Slice(axis: 2, none, End(2), Dim.Unknown).Slice(axis: 3, none, End(3), Dim.Unknown) } };
    }

    // The mean of images in colour, [1, 3, 1, 1], and how far their values reach.
    private static (Value Mean, float Range) Scale(GraphBuilder graph, ModelConfig json) =>
        (json.Channels() == 3 && json.Channels("num_channels_out") == 3 ? graph.Constant([0.4488f, 0.4371f, 0.4040f], 1, 3, 1, 1) : graph.Scalar(0, ElementType.Float32),
            json.Float("img_range", 1));

    private static Value Enlarge(Value x, int times, Weights weights)
    {
        if (times == 3)
            return x.Convolve(weights["convolution"]).PixelShuffle(3);
        for (var i = 0; 1 << i < times; i++)
            x = x.Convolve(weights[$"convolution_{i}"]).PixelShuffle(2);
        return x;
    }

    private static Value Nearest(Value x, Weights weights)
    {
        const float Share = 0.2f;
        Value Twice(Value map) => map.Unsqueeze(3, 5).Expand(map.Dim(0), map.Dim(1), map.Dim(2), 2, map.Dim(3), 2).Reshape(Doubled(map), map.Dim(0), map.Dim(1), Dim.Unknown, Dim.Unknown);
        Value Doubled(Value map) => ((Value[])[map.Graph.Extent(map.Dim(0)), map.Graph.Extent(map.Dim(1)), map.SizeOf() * map.Graph.Constant([2L])]).Concat(0);
        x = x.Convolve(weights["conv_before_upsample"]).LeakyRelu();
        x = Twice(x).Convolve(weights["conv_up1"]).LeakyRelu(Share);
        x = Twice(x).Convolve(weights["conv_up2"]).LeakyRelu(Share);
        return x.Convolve(weights["conv_hr"]).LeakyRelu(Share).Convolve(weights["final_convolution"]);
    }

    // [B, C, rows, columns], padded to whole windows
    private static Value Encode(Value pixels, ModelConfig json, Weights body)
    {
        var (graph, depths) = (pixels.Graph, json.Depths("depths", 6, 6, 6, 6));
        var config = new Swin.Config(json)
        {
            IsV2 = true, Depths = depths, WindowSize = json.Int("window_size", 8, minimum: 1),
            Heads = json.PerStage("num_heads", depths.Count, [6, 6, 6, 6], minimum: 1), PretrainedWindowSizes = new int[depths.Count],
        };
        if (json.Int("patch_size", 1) != 1)
            throw new UnsupportedModelException("This swin2sr has patches of several pixels, which the original cannot run either.", "Take one with patch_size 1.");
        if (json.Bool("use_absolute_embeddings", false))
            throw new UnsupportedModelException("This swin2sr adds learned positions (use_absolute_embeddings).", "Take one without them.");
        var side = json.Size("image_size", 64).Height;
        var size = Math.Min(side, config.WindowSize);
        var shift = side <= config.WindowSize || size < 2 ? null : graph.Constant([config.WindowSize / 2L]);

        Value Missing(int axis) => (graph.Constant([0L]) - graph.Extent(pixels.Dim(axis))).Modulo(config.WindowSize);
        var (mean, range) = Scale(graph, json);
        var first = ((pixels.PadMirrored(Missing(2), Missing(3)) - mean) * range).Convolve(body["first_convolution"]);
        var patches = body["embeddings.patch_embeddings"];
        var x = first.Convolve(patches["projection"]).ChannelsLast().LayerNorm(patches["layernorm"], Convolutions.Epsilon);
        for (var i = 0; i < depths.Count; i++)
        {
            var (stage, residual) = (body[$"encoder.stages.{i}"], x);
            for (var layer = 0; layer < depths[i]; layer++)
            {
                var windows = (Value map) => new WindowAttention(map, size, layer % 2 == 0 ? null : shift);
                x = Swin.LayerV2(x, windows, size, i, stage[$"layers.{layer}"], config);
            }
            x = Convolve(x.ChannelsFirst(), json, stage["conv"]).Convolve(stage["patch_embed.projection"]).ChannelsLast() + residual;
        }
        return x.LayerNorm(body["layernorm"], config.Epsilon).ChannelsFirst().Convolve(body["conv_after_body"]) + first;
    }

    private static Value Convolve(Value map, ModelConfig json, Weights weights)
    {
        const float Share = 0.2f;
        return json.Text("resi_connection", "1conv") switch
        {
            "1conv" => map.Convolve(weights),
            "3conv" => map.Convolve(weights["0"]).LeakyRelu(Share).Convolve(weights["2"]).LeakyRelu(Share).Convolve(weights["4"]),
            _ => throw json.Invalid("resi_connection", "1conv or 3conv was expected"),
        };
    }
}
