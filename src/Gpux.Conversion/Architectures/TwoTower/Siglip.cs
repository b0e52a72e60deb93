using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>SigLIP: CLIP's towers trained pair by pair. Texts are seen both ways, padding too, and images are summed up by attention.</summary>
/// <remarks>Source: arXiv:2303.15343 (SigLIP 2: arXiv:2502.14786); outputs of transformers 4.57 and 5.23, modeling_siglip.py and
/// modeling_siglip2.py. Texts must be padded to the length that they were trained with. B = batch, N = patches, H = hidden size.</remarks>
internal static class Siglip
{
    private static readonly ImageTextPair Towers = new("Siglip", Text, Image, (pooled, _) => pooled, (pooled, _) => pooled);
    private static readonly ImageTextPair NaflexTowers = new("Siglip2", Text, NaflexImage, (pooled, _) => pooled, (pooled, _) => pooled);

    public static Architecture Architecture { get; } = new("siglip", "google/siglip-base-patch16-224",
        [.. Towers.Joint, Towers.ImageClassification(first: 0), Towers.TextModel, Towers.VisionModel]);

    public static Architecture TextModel { get; } = new("siglip_text_model", "google/siglip-base-patch16-224", [Towers.TextModel]);

    public static Architecture VisionModel { get; } = new("siglip_vision_model", "google/siglip-base-patch16-224", [Towers.VisionModel]);

    public static Architecture Naflex { get; } = new("siglip2", "google/siglip2-base-patch16-naflex",
    [
        .. NaflexTowers.Joint, NaflexTowers.TextModel, NaflexTowers.VisionModel,
        new("Siglip2ForImageClassification", ModelTask.ImageClassification, ClassifyNaflex),
    ]);

    public static Architecture[] NaflexAlone { get; } = NaflexTowers.Alone("siglip2", "google/siglip2-base-patch16-naflex");

    private static TowerShape Shape(ModelConfig json) => TowerShape.Of(json, activation: "gelu_pytorch_tanh", epsilon: 1e-6f);

    private static Tower Text(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var shape = Shape(json);
        var hidden = TextInputs.Rows(graph, rows).EmbedClipTokens(weights["embeddings"])
            .ClipLayers(mask: null, weights["encoder"], shape).LayerNorm(weights["final_layer_norm"], shape.Epsilon);
        return new Tower(hidden, hidden.At(axis: 1, -1).Linear(weights["head"]));
    }

    private static Tower Image(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var (shape, embeddings) = (Shape(json), weights["embeddings"]);
        var map = graph.Pixels(json.Channels(), rows).Project(embeddings["patch_embedding"]);
        return SumUp(map.EmbedClipPatches(json, embeddings, imageSize: 224, patchSize: 16), seen: null, json, weights, shape);
    }

    // Patches of images of any shape, one after another and padded: what the processor makes of them.
    private static Tower NaflexImage(GraphBuilder graph, ModelConfig json, Weights weights, string rows) => NaflexImage(graph, json, weights, rows, out _);

    /// <param name="seen">int [B, N], 1 for patches and 0 for padding.</param>
    private static Tower NaflexImage(GraphBuilder graph, ModelConfig json, Weights weights, string rows, out Value seen)
    {
        var (shape, embeddings) = (Shape(json), weights["embeddings"]);
        var patch = json.Int("patch_size", 16, minimum: 1);
        var pixels = graph.Input("pixel_values", ElementType.Float32, rows, "max_num_patches", json.Channels() * patch * patch);
        seen = graph.Input("pixel_attention_mask", ElementType.Int32, rows, "max_num_patches");
        var sizes = graph.Input("spatial_shapes", ElementType.Int64, rows, 2);
        var x = pixels.Linear(embeddings["patch_embedding"]) + NaflexPositions(embeddings["position_embedding"], json, sizes, pixels.Dim(1));
        return SumUp(x, seen, json, weights, shape);
    }

    // Scores of classes by the mean of an image's patches: [B, labels].
    private static Outputs ClassifyNaflex(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        ImageTextPair.IgnoreOthers(weights, "text_model");
        var hidden = NaflexImage(graph, ImageTextPair.Section(json, "vision_config"), weights.Body("vision_model"), "batch_size", out var seen).Hidden;
        var counted = seen.Cast(ElementType.Float32);
        return ((hidden * counted.Unsqueeze(2)).Sum(axis: 1) / counted.Sum(axis: 1, keep: true)).Linear(weights["classifier"]).AsLogits();
    }

    // The square table of positions resized to each image's rows and columns (bilinear, antialiased): [B, N, H]. The shares of the
    // table's rows in a row of the image are a triangle around its middle, and so are those of columns; what lies behind the
    // image's last patch gets the first position.
    private static Value NaflexPositions(Weights weights, ModelConfig json, Value sizes, Dim length)
    {
        var (graph, table) = (sizes.Graph, weights.Get("weight"));
        var side = (int)Math.Sqrt(json.Int("num_patches", 256, minimum: 1));
        var middles = new float[side];
        for (var i = 0; i < side; i++)
            middles[i] = i + 0.5f;
        var numbers = graph.Extent(length).Range(length).Unsqueeze(0); // [1, N]
        var columns = sizes.Slice(axis: 1, 1, 2); // [B, 1]
        var inside = numbers < sizes.Slice(axis: 1, 0, 1) * columns;
        numbers = inside.Where(numbers, graph.Constant(0L));
        Value Shares(Value places, Value extent) // [B, N, side]
        {
            var scale = graph.Scalar(side, ElementType.Float32) / extent.Cast(ElementType.Float32); // [B, 1]
            var support = scale.Clip(1, null).Unsqueeze(2);
            var centers = ((places.Cast(ElementType.Float32) + 0.5f) * scale).Unsqueeze(2);
            var shares = (1f - (graph.Constant(middles, 1, 1, side) - centers).Abs() / support).Clip(0, null);
            return shares / shares.Sum(axis: 2, keep: true);
        }
        var rowShares = Shares(numbers / columns, sizes.Slice(axis: 1, 0, 1)).Unsqueeze(3);
        var columnShares = Shares(numbers - numbers / columns * columns, columns).Unsqueeze(2);
        return (rowShares * columnShares).Reshape(sizes.Dim(0), length, side * side).MatMul(table);
    }

    /// <param name="seen">int [B, N], 1 for patches and 0 for padding; null where all are patches.</param>
    private static Tower SumUp(Value x, Value? seen, ModelConfig json, Weights weights, TowerShape shape)
    {
        var hidden = x.ClipLayers(seen?.PaddingMask(x.Dim(1)), weights["encoder"], shape).LayerNorm(weights["post_layernorm"], shape.Epsilon);
        if (json.Bool("vision_use_head", true))
            return new Tower(hidden, PoolByAttention(hidden, seen?.PaddingMask(1), weights["head"], shape));
        weights.Ignore("head");
        return new Tower(hidden, Pooled: null);
    }

    // A learned query that looks at all patches: [B, H].
    private static Value PoolByAttention(Value x, Value? mask, Weights weights, TowerShape shape)
    {
        var query = weights.Get("probe").Expand(x.Dim(0), 1, x.Dim(2));
        var pooled = query.PackedAttention(x, x, mask, weights["attention"], shape.Heads).Squeeze(1);
        return pooled + pooled.LayerNorm(weights["layernorm"], shape.Epsilon).ClipPerceptron(weights["mlp"], shape.Activation);
    }
}
