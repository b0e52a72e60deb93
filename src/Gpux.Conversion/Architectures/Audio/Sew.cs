using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>SEW: wav2vec 2.0 whose Transformer sees fewer frames than the convolutions make, and so is faster.</summary>
/// <remarks>Source: arXiv:2109.06870; outputs of transformers 5.23, modeling_sew.py. B = batch, T = frames, T' = squeezed frames,
/// H = hidden size.</remarks>
internal static class Sew
{
    public static Architecture Architecture { get; } = SpeechHeads.Family("sew", "asapp/sew-tiny-100k-ft-ls100h", Encode,
        SpeechHeads.Model("SEW"), SpeechHeads.Ctc("SEW"), SpeechHeads.SequenceClassification("SEW"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (shape, body) = (SpeechShape.Of(json), weights.SpeechBody("sew"));
        var (frames, lengths) = Frames(graph, body, json, shape.Epsilon);
        var (factor, encoder) = (SqueezeFactor(json), body["encoder"]);
        var x = Squeeze(frames, encoder, json, factor);
        var mask = SqueezedFrames(lengths, x.Dim(1), factor).PaddingMask(x.Dim(1));
        var states = x.PostNormLayers(encoder, shape, (states, attention) => states.SpeechAttention(mask, attention, shape.Heads));
        return new EncodedSpeech(Upsample(states[^1], encoder["upsample.projection"], json, factor, frames.Dim(1)), lengths, [], Features: null, json, weights);
    }

    /// <summary>What enters the encoder, zero for padding, [B, T, H]; and how many frames of each row are no padding, int64 [B].</summary>
    internal static (Value Frames, Value Lengths) Frames(GraphBuilder graph, Weights body, ModelConfig json, float epsilon)
    {
        var frames = FrameEncoder.Of(json, [10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1], [5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]).LayerNorm(body["layer_norm"], epsilon);
        if (!features.Dim(2).MayEqual(json.Int("hidden_size", 768)))
            features = features.Linear(body["feature_projection"]);
        return (features.Blank(lengths.FirstFrames(features.Dim(1))), lengths);
    }

    /// <summary>How many frames become one.</summary>
    internal static int SqueezeFactor(ModelConfig json) => json.Int("squeeze_factor", 2, minimum: 1) is <= 1024 and var factor ? factor
        : throw json.Invalid("squeeze_factor", "at most 1024 was expected");

    /// <summary>The mean of neighbouring frames, and where they are: [B, T', H].</summary>
    internal static Value Squeeze(Value x, Weights encoder, ModelConfig json, int factor)
    {
        var pooled = x.Transpose(0, 2, 1).AveragePool1D(factor).Transpose(0, 2, 1);
        // The convolution may give one frame more, of a rest that the mean leaves out.
        var positions = x.ConvolvePositions(encoder, json, stride: factor)
            .Slice(axis: 1, x.Graph.Constant([0L]), pooled.Extent(1), pooled.Dim(1));
        return pooled + positions;
    }

    /// <summary>1 for squeezed frames and 0 for padding: int64 [B, T'].</summary>
    internal static Value SqueezedFrames(Value lengths, Dim squeezed, int factor) =>
        (factor == 1 ? lengths : lengths / lengths.Graph.Constant((long)factor)).FirstFrames(squeezed);

    /// <summary>Makes as many frames again as there were; a rest that was left out is zero: [B, T, H].</summary>
    internal static Value Upsample(Value x, Weights projection, ModelConfig json, int factor, Dim frames)
    {
        var graph = x.Graph;
        var wide = x.Linear(projection).Apply(json.Text("feat_extract_activation", "gelu")); // [B, T', H * factor]
        if (factor == 1)
            return wide;
        var several = wide.Reshape(wide.Dim(0), Dim.Rest, wide.Dim(2).Size!.Value / factor); // projections have known widths
        return several.Pad(axis: 1, graph.Constant([0L]), graph.Extent(frames) - several.Extent(1), frames);
    }
}
