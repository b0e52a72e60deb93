using Gpux.Conversion.Architectures;
using Gpux.Conversion.Architectures.Vision;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What the classes of image models put on top of their body. B = batch, H = hidden size.</summary>
internal static class VisionHeads
{
    /// <summary>The last hidden state, and what the pooler makes of its first token if the checkpoint has one: [B, H].</summary>
    public static Outputs AsStates(this Value hidden, Weights body, ViT.Config config)
    {
        var outputs = new Outputs { { "last_hidden_state", hidden } };
        if (body.Has("pooler"))
            outputs.Add("pooler_output", hidden.FirstToken().Linear(body["pooler.dense"]).Apply(config.PoolerActivation));
        return outputs;
    }

    /// <summary>The last map of a convolutional model, [B, H, rows, columns], and something of each image alone.</summary>
    public static Outputs AsStates(this Value hidden, Value pooled) => new() { { "last_hidden_state", hidden }, { "pooler_output", pooled } };

    /// <summary>The pixels that a decoder makes of a map, [B, channels, height, width]: each place becomes a square of that many rows.</summary>
    public static Outputs AsReconstruction(this Value map, Weights decoder, int stride) =>
        new() { { "reconstruction", map.Convolve(decoder).PixelShuffle(stride) } };

    /// <summary>The mean of two heads, one of which learned from a teacher, and what each says: [B, labels].</summary>
    public static Outputs AsLogitsWithTeacher(this Value scores, Value distilled) =>
        new() { { "logits", (scores + distilled) / 2f }, { "cls_logits", scores }, { "distillation_logits", distilled } };

    /// <summary>Segmentation by atrous pyramid pooling (arXiv:1706.05587): scores for each place, [B, labels, rows, columns].</summary>
    public static Value AtrousPyramid(this Value map, Weights head, IReadOnlyList<int> rates)
    {
        var (rows, columns) = (map.Dim(2), map.Dim(3));
        var aspp = head["aspp"];
        var parts = new List<Value> { map.ConvolveNormalize(aspp["convs.0"]).Relu() };
        for (var i = 0; i < rates.Count; i++)
            parts.Add(map.ConvolveNormalize(aspp[$"convs.{i + 1}"], dilation: rates[i]).Relu());
        var pooled = map.GlobalAveragePool().ConvolveNormalize(aspp[$"convs.{rates.Count + 1}.conv_1x1"]).Relu();
        parts.Add(pooled.Expand(pooled.Dim(0), pooled.Dim(1), rows, columns));
        return parts.Concat(axis: 1).ConvolveNormalize(aspp["project"]).Relu().Convolve(head["classifier.convolution"]);
    }
}
