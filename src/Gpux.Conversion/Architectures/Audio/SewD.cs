using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>SEW-D: SEW with the layers of DeBERTa-v2.</summary>
/// <remarks>Source: arXiv:2109.06870; outputs of transformers 5.23, modeling_sew_d.py. B = batch, T' = squeezed frames, H = hidden size.</remarks>
internal static class SewD
{
    public static Architecture Architecture { get; } = SpeechHeads.Family("sew-d", "asapp/sew-d-tiny-100k-ft-ls100h", Encode,
        SpeechHeads.Model("SEWD"), SpeechHeads.Ctc("SEWD"), SpeechHeads.SequenceClassification("SEWD"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        if (json.Int("conv_kernel_size", 0) > 0)
            throw new UnsupportedModelException("A SEW-D with a convolution beside its first layer (conv_kernel_size in config.json) is not built.",
                "No published model of the family has one; use one of these.");
        var shape = BertShape.Of(json, activation: "gelu_python", epsilon: 1e-7f);
        var body = weights.SpeechBody("sew_d");
        var (frames, lengths) = Sew.Frames(graph, body, json, json.Float("feature_layer_norm_eps", 1e-5f));
        var (factor, encoder) = (Sew.SqueezeFactor(json), body["encoder"]);
        var x = Sew.Squeeze(frames, encoder, json, factor);
        var attended = Sew.SqueezedFrames(lengths, x.Dim(1), factor);
        var mask = attended.PaddingMask(x.Dim(1));

        var positions = Positions(json);
        var (table, rows) = positions.RelativePositions(graph, x.Dim(1), encoder["encoder"], shape.Epsilon);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = encoder[$"encoder.layer.{i}"];
            // Frames that are padding see nothing.
            var context = x.BucketedSelfAttention(mask, table, rows, layer["attention.self"], positions, shape.Heads).Blank(attended);
            x = context.BertOutputs(x, layer, shape);
        }
        return new EncodedSpeech(Sew.Upsample(x, encoder["upsample.projection"], json, factor, frames.Dim(1)), lengths, [], Features: null, json, weights);
    }

    // Files leave out what equals the defaults of the original class.
    private static BucketedPositions Positions(ModelConfig json) => new(json.Bool("relative_attention", true),
        json.Has("pos_att_type") ? json.PositionTypes() : ["p2c", "c2p"], json.Bool("share_att_key", true), json.MaxRelativePositions(),
        json.Float("position_buckets", 256) >= 1 ? json.Reach("position_buckets", 256) : 0, BucketedPositions.Normalizes(json.Text("norm_rel_ebd", "layer_norm")));
}
