using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>CLIP: a tower for images and one for texts, trained to agree; and the families that differ in the text's end alone.</summary>
/// <remarks>Source: arXiv:2103.00020 (MetaCLIP 2: arXiv:2507.22062); outputs of transformers 4.40 and 5.23, modeling_clip.py and
/// modeling_metaclip_2.py. Images of another size than the trained one get interpolated positions, as with interpolate_pos_encoding.</remarks>
internal static class Clip
{
    private static readonly ImageTextPair Towers = new("CLIP", Text, ClipImage, ProjectText, ProjectImage);
    private static readonly ImageTextPair MetaTowers = new("MetaClip2", MetaText, ClipImage, ProjectText, ProjectImage);

    public static Architecture Architecture { get; } = new("clip", "openai/clip-vit-base-patch32",
    [
        .. Towers.Joint, Towers.ImageClassification(first: 1),
        Towers.TextModel, Towers.TextModelWithProjection, Towers.VisionModel, Towers.VisionModelWithProjection,
    ]);

    public static Architecture TextModel { get; } = new("clip_text_model", "openai/clip-vit-large-patch14", [Towers.TextModel, Towers.TextModelWithProjection]);

    public static Architecture VisionModel { get; } = new("clip_vision_model", "openai/clip-vit-large-patch14", [Towers.VisionModel, Towers.VisionModelWithProjection]);

    public static Architecture MetaClip2 { get; } = new("metaclip_2", "facebook/metaclip-2-worldwide-huge-quickgelu",
    [
        .. MetaTowers.Joint, MetaTowers.ImageClassification(first: 1),
        MetaTowers.TextModel, MetaTowers.TextModelWithProjection, MetaTowers.VisionModel, MetaTowers.VisionModelWithProjection,
    ]);

    public static Architecture MetaClip2TextModel { get; } = new("metaclip_2_text_model", "facebook/metaclip-2-worldwide-huge-quickgelu",
        [MetaTowers.TextModel, MetaTowers.TextModelWithProjection]);

    public static Architecture MetaClip2VisionModel { get; } = new("metaclip_2_vision_model", "facebook/metaclip-2-worldwide-huge-quickgelu",
        [MetaTowers.VisionModel, MetaTowers.VisionModelWithProjection]);

    internal static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows) =>
        TextInputs.Rows(graph, rows).ClipText(weights, TowerShape.Of(json, heads: 8), json.EndOfText());

    internal static Tower ClipImage(GraphBuilder graph, ModelConfig json, Weights weights, string rows) => graph.ClipImage(json, weights, rows);

    internal static Value ProjectText(Value pooled, Weights weights) => pooled.Linear(weights["text_projection"]);

    internal static Value ProjectImage(Value pooled, Weights weights) => pooled.Linear(weights["visual_projection"]);

    private static Tower MetaText(GraphBuilder graph, ModelConfig json, Weights weights, string rows) =>
        TextInputs.Rows(graph, rows).ClipText(weights, TowerShape.Of(json, heads: 8), json.Int("eos_token_id", 49407));
}
