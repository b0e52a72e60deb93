using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>Chinese CLIP: CLIP's tower of images beside a BERT of texts.</summary>
/// <remarks>Source: arXiv:2211.01335; outputs of transformers 5.23, modeling_chinese_clip.py.</remarks>
internal static class ChineseClip
{
    private static readonly ImageTextPair Towers = new("ChineseCLIP", Text, Clip.ClipImage, Clip.ProjectText, Clip.ProjectImage);

    public static Architecture Architecture { get; } = new("chinese_clip", "OFA-Sys/chinese-clip-vit-base-patch16",
        [.. Towers.Joint, PooledText, Towers.VisionModel]);

    public static Architecture TextModel { get; } = new("chinese_clip_text_model", "OFA-Sys/chinese-clip-vit-base-patch16", [PooledText]);

    public static Architecture VisionModel { get; } = new("chinese_clip_vision_model", "OFA-Sys/chinese-clip-vit-base-patch16", [Towers.VisionModel]);

    // Alone, the tower of the texts is summed up by a pooler, which it has not beside the other.
    private static Head PooledText => new("ChineseCLIPTextModel", ModelTask.FeatureExtraction, (graph, json, weights) =>
    {
        ImageTextPair.IgnoreOthers(weights, "vision_model");
        var body = weights.Body("text_model");
        return Text(graph, ImageTextPair.Section(json, "text_config"), body, "batch_size").Hidden.AsStates(body);
    });

    private static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var (shape, inputs, embeddings) = (BertShape.Of(json), TextInputs.Rows(graph, rows), weights["embeddings"]);
        weights.Ignore("pooler", "embeddings.position_ids");
        var x = inputs.EmbedTokens(embeddings, json.Int("type_vocab_size", 2));
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.LearnedPositions(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        var hidden = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon).BertLayers(inputs.Attended.PaddingMask(inputs.Length), weights["encoder"], shape);
        return new Tower(hidden, hidden.FirstToken());
    }
}
