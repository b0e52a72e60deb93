using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>YOLOS: a Vision Transformer with some more tokens, which become boxes.</summary>
/// <remarks>Source: arXiv:2106.00666; outputs of transformers 5.23, modeling_yolos.py. B = images, N = patches, T = detection tokens,
/// H = hidden size. Positions are interpolated to the image's size.</remarks>
internal static class Yolos
{
    public static Architecture Architecture { get; } = new("yolos", "hustvl/yolos-tiny",
    [
        new("YolosModel", ModelTask.ImageFeatureExtraction, Model),
        new("YolosForObjectDetection", ModelTask.ObjectDetection, ObjectDetection),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public (int Height, int Width) ImageSize { get; } = Json.Has("image_size") ? Json.Size("image_size", 512) : (512, 864);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public int DetectionTokens { get; } = Json.Int("num_detection_tokens", 100, minimum: 1);
        public bool HasMidPositions { get; } = Json.Bool("use_mid_position_embeddings", true);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("class_labels_classifier", "bbox_predictor");
        return Encode(graph, new Config(json), weights.Body("vit")).AsStates(weights.Body("vit"));
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json);
        weights["vit"].Ignore("pooler");
        var found = Encode(graph, config, weights["vit"]).Slice(axis: 1, -config.DetectionTokens); // [B, T, H]
        return new Outputs
        {
            { "logits", found.Predict(weights["class_labels_classifier"]) },
            { "pred_boxes", found.Predict(weights["bbox_predictor"]).Sigmoid() },
            { "last_hidden_state", found },
        };
    }

    // [B, 1 + N + T, H]
    private static Value Encode(GraphBuilder graph, Config config, Weights body)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Json.Channels()).Project(embeddings["patch_embeddings.projection"]);
        var patches = map.ToTokens();
        var detection = embeddings.Get("detection_tokens");
        var x = ((Value[])[patches.Prepend(embeddings.Get("cls_token")), detection.Expand(patches.Dim(0), detection.Dim(1), detection.Dim(2))]).Concat(axis: 1)
            + FitPositions(embeddings.Get("position_embeddings"), config, map);
        for (var i = 0; i < config.Layers; i++)
        {
            x = x.ViTLayer(body[$"encoder.layer.{i}"], config.Heads, config.Activation, config.Epsilon);
            if (config.HasMidPositions && i < config.Layers - 1)
                x += FitPositions(body["encoder"].Get("mid_position_embeddings").At(axis: 0, i), config, map);
        }
        return x.LayerNorm(body["layernorm"], config.Epsilon);
    }

    // Positions of the class token, of the patches, which are interpolated, and of the detection tokens.
    private static Value FitPositions(Value table, Config config, Value map)
    {
        var grid = (config.ImageSize.Height / config.PatchSize.Height, config.ImageSize.Width / config.PatchSize.Width);
        return ((Value[])
        [
            table.Slice(axis: 1, 0, -config.DetectionTokens).FitPositions(leading: 1, grid, map),
            table.Slice(axis: 1, -config.DetectionTokens),
        ]).Concat(axis: 1);
    }
}
