using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>OWL-ViT and OWLv2: CLIP whose every patch names a box, scored against texts.</summary>
/// <remarks>Source: arXiv:2205.06230 and arXiv:2306.09683; outputs of transformers 5.23, modeling_owlvit.py and modeling_owlv2.py.
/// B = images, Q = queries of an image, N = patches, H = hidden size. The rows of input_ids are the queries of the images in order.</remarks>
internal static class OwlVit
{
    private static readonly string[] Detectors = ["class_head", "box_head", "objectness_head", "layer_norm", "box_bias"];
    private static readonly ImageTextPair Towers = new("OwlViT", Text, Image, Clip.ProjectText, Clip.ProjectImage) { Beneath = ("owlvit", Detectors) };
    private static readonly ImageTextPair SecondTowers = new("Owlv2", Text, SecondImage, Clip.ProjectText, Clip.ProjectImage) { Beneath = ("owlv2", Detectors) };

    public static Architecture Architecture { get; } = new("owlvit", "google/owlvit-base-patch32",
    [
        .. Towers.Joint, Towers.TextModel, Towers.VisionModel,
        new("OwlViTForObjectDetection", ModelTask.ZeroShotObjectDetection, (graph, json, weights) => Detect(graph, json, weights, "owlvit", patchSize: 32)),
    ]);

    public static Architecture Second { get; } = new("owlv2", "google/owlv2-base-patch16-ensemble",
    [
        .. SecondTowers.Joint, SecondTowers.TextModel, SecondTowers.VisionModel,
        new("Owlv2ForObjectDetection", ModelTask.ZeroShotObjectDetection, (graph, json, weights) => Detect(graph, json, weights, "owlv2", patchSize: 16)),
    ]);

    public static Architecture[] Alone { get; } =
        [.. Towers.Alone("owlvit", "google/owlvit-base-patch32"), .. SecondTowers.Alone("owlv2", "google/owlv2-base-patch16-ensemble")];

    private static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows) =>
        TextInputs.Rows(graph, rows).ClipText(weights, TowerShape.Of(json, heads: 8), end: null);

    private static Tower Image(GraphBuilder graph, ModelConfig json, Weights weights, string rows) => graph.ClipImage(json, weights, rows, 768, 32);

    private static Tower SecondImage(GraphBuilder graph, ModelConfig json, Weights weights, string rows) => graph.ClipImage(json, weights, rows, 768, 16);

    private static Outputs Detect(GraphBuilder graph, ModelConfig json, Weights weights, string prefix, int patchSize)
    {
        var body = weights[prefix];
        body.Ignore("visual_projection", "logit_scale");
        weights.Ignore("box_bias"); // made of the grid alone
        var (ofTexts, ofImages) = (json.Section("text_config"), json.Section("vision_config"));

        var inputs = TextInputs.Rows(graph, "text_batch_size");
        var text = inputs.ClipText(body["text_model"], TowerShape.Of(ofTexts, heads: 8), end: null);
        var map = graph.ClipMap(ofImages, body["vision_model"], "batch_size");
        var shape = TowerShape.Of(ofImages);
        var hidden = map.ClipImageStates(ofImages, body["vision_model"], shape, imageSize: 768, patchSize)[^1]
            .LayerNorm(body["vision_model.post_layernorm"], shape.Epsilon);
        // Every patch is weighed by what the class token says of the whole image.
        var patches = (hidden.Slice(axis: 1, 1) * hidden.Slice(axis: 1, 0, 1)).LayerNorm(weights["layer_norm"], shape.Epsilon); // [B, N, H]

        var width = body["text_projection"].Get("weight").Dim(0);
        var queries = Clip.ProjectText(text.RequirePooled(), body).Normalized().Reshape("batch_size", Dim.Unknown, width); // [B, Q, P]
        var isQuery = inputs.Ids.At(axis: 1, 0).Reshape("batch_size", 1, queries.Dim(1)) > graph.Constant(0L);
        var outputs = new Outputs
        {
            { "logits", Score(patches, queries, isQuery, weights["class_head"]) },
            { "pred_boxes", (patches.Dense(weights["box_head"]) + Cells(map)).Sigmoid() },
            { "text_embeds", queries },
            { "image_embeds", patches.Reshape("batch_size", map.Dim(2), map.Dim(3), map.Dim(1)) },
        };
        if (weights.Has("objectness_head"))
            outputs.Add("objectness_logits", patches.Dense(weights["objectness_head"]).Squeeze(2));
        return outputs;
    }

    // How well each patch fits each query, [B, N, Q]; a query whose first token is 0 is padding.
    private static Value Score(Value patches, Value queries, Value isQuery, Weights weights)
    {
        const float Epsilon = 1e-6f;
        var scores = patches.Linear(weights["dense0"]).Normalized(Epsilon).MatMul(queries.Normalized(Epsilon).Transpose(0, 2, 1));
        var scale = patches.Linear(weights["logit_scale"]).Elu() + 1f;
        scores = (scores + patches.Linear(weights["logit_shift"])) * scale;
        return isQuery.Where(scores, patches.Graph.Scalar(float.MinValue, ElementType.Float32));
    }

    private static Value Dense(this Value x, Weights weights) =>
        x.Linear(weights["dense0"]).Gelu().Linear(weights["dense1"]).Gelu().Linear(weights["dense2"]);

    // What boxes are before they are learned, as logits: each patch's own cell of the grid, by its lower right corner: [1, N, 4].
    private static Value Cells(Value map)
    {
        var (graph, rows, columns) = (map.Graph, map.Dim(2), map.Dim(3));
        Value Logits(Value x) => (x + 1e-4f).Log() - (1f - x + 1e-4f).Log();
        Value Count(Dim dim) => graph.Extent(dim).Cast(ElementType.Float32);
        Value Ends(Dim dim) => (graph.Extent(dim).Range(dim).Cast(ElementType.Float32) + 1f) / Count(dim);
        Value OnGrid(Value x) => x.Expand(rows, columns, 1);
        return ((Value[])
        [
            OnGrid(Logits(Ends(columns)).Unsqueeze(0, 2)), OnGrid(Logits(Ends(rows)).Unsqueeze(1, 2)),
            OnGrid(Logits(1f / Count(columns)).Unsqueeze(0, 2)), OnGrid(Logits(1f / Count(rows)).Unsqueeze(0, 2)),
        ]).Concat(axis: 2).Reshape(1, Dim.Rest, 4);
    }
}
