using Gpux.Conversion.Architectures.Text;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>AltCLIP: CLIP's tower of images beside an XLM-RoBERTa that learned from CLIP's tower of texts.</summary>
/// <remarks>Source: arXiv:2211.06679; outputs of transformers 5.23, modeling_altclip.py.</remarks>
internal static class AltClip
{
    private static readonly ImageTextPair Towers = new("AltCLIP", Text, Clip.ClipImage, Clip.ProjectText, Clip.ProjectImage);

    public static Architecture Architecture { get; } = new("altclip", "BAAI/AltCLIP", [.. Towers.Joint, Towers.TextModel, Towers.VisionModel]);

    public static Architecture[] Alone { get; } = Towers.Alone("altclip", "BAAI/AltCLIP");

    private static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var shape = BertShape.Of(json, layers: 24, heads: 16, epsilon: 1e-5f);
        var inputs = TextInputs.Rows(graph, rows);
        var body = weights["roberta"];
        body.Ignore("pooler", "embeddings.position_ids");
        var states = Roberta.Embed(inputs, json, body["embeddings"], shape)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape)
            .LayerNorm(weights["pre_LN"], shape.Epsilon).Linear(weights["transformation"]);
        return new Tower(states, states.FirstToken());
    }
}
