using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Families of two towers, one for texts and one for images, whose vectors are compared. I = images, T = texts, P = width of a vector.</summary>
/// <param name="Prefix">What the names of the classes begin with.</param>
/// <param name="Text">Builds the tower of the texts from its own configuration and module.</param>
/// <param name="Image">Builds the tower of the images.</param>
/// <param name="ProjectText">Makes the vector that is compared of a pooled text.</param>
/// <param name="ProjectImage">Makes the vector that is compared of a pooled image.</param>
internal sealed record ImageTextPair(string Prefix,
    Func<GraphBuilder, ModelConfig, Weights, string, Tower> Text, Func<GraphBuilder, ModelConfig, Weights, string, Tower> Image,
    Func<Value, Weights, Value> ProjectText, Func<Value, Weights, Value> ProjectImage)
{
    // Where a graph has both, their numbers are independent of each other.
    private const string Texts = "text_batch_size", Images = "image_batch_size", Rows = "batch_size";

    /// <summary>Checkpoints of the family's other classes keep both towers under a module, with heads beside it; null if there are none.</summary>
    public (string Module, string[] Heads)? Beneath { get; init; }

    /// <summary>Both towers in one graph, and each alone, by the original's methods.</summary>
    public Head[] Joint =>
    [
        new($"{Prefix}Model", ModelTask.ZeroShotImageClassification, Compare),
        new($"{Prefix}Model.get_image_features", ModelTask.ImageFeatureExtraction, (graph, json, weights) =>
            new Outputs { { "image_features", ProjectImage(ImageTower(graph, json, weights, Rows).RequirePooled(), Towers(weights)) } }),
        new($"{Prefix}Model.get_text_features", ModelTask.FeatureExtraction, (graph, json, weights) =>
            new Outputs { { "text_features", ProjectText(TextTower(graph, json, weights, Rows).RequirePooled(), Towers(weights)) } }),
    ];

    /// <summary>The tower of the texts.</summary>
    public Head TextModel => new($"{Prefix}TextModel", ModelTask.FeatureExtraction, (graph, json, weights) => States(TextTower(graph, json, weights, Rows)));

    /// <summary>The tower of the images.</summary>
    public Head VisionModel => new($"{Prefix}VisionModel", ModelTask.ImageFeatureExtraction, (graph, json, weights) => States(ImageTower(graph, json, weights, Rows)));

    /// <summary>The tower of the texts with its projection.</summary>
    public Head TextModelWithProjection => new($"{Prefix}TextModelWithProjection", ModelTask.FeatureExtraction, (graph, json, weights) =>
    {
        var tower = TextTower(graph, json, weights, Rows);
        return new Outputs { { "text_embeds", ProjectText(tower.RequirePooled(), Towers(weights)) }, { "last_hidden_state", tower.Hidden } };
    });

    /// <summary>The tower of the images with its projection.</summary>
    public Head VisionModelWithProjection => new($"{Prefix}VisionModelWithProjection", ModelTask.ImageFeatureExtraction, (graph, json, weights) =>
    {
        var tower = ImageTower(graph, json, weights, Rows);
        return new Outputs { { "image_embeds", ProjectImage(tower.RequirePooled(), Towers(weights)) }, { "last_hidden_state", tower.Hidden } };
    });

    /// <summary>The towers as families of their own: what a tower that was saved alone states as its model_type.</summary>
    /// <param name="family">The model_type of both together.</param>
    public Architecture[] Alone(string family, string example) =>
        [new($"{family}_text_model", example, [TextModel]), new($"{family}_vision_model", example, [VisionModel])];

    /// <summary>Scores of classes by the mean of an image's tokens.</summary>
    /// <param name="first">The first token that counts.</param>
    public Head ImageClassification(int first) => new($"{Prefix}ForImageClassification", ModelTask.ImageClassification, (graph, json, weights) =>
    {
        var hidden = ImageTower(graph, json, weights, Rows).Hidden;
        return (first == 0 ? hidden : hidden.Slice(axis: 1, first)).Mean(axis: 1).Linear(weights["classifier"]).AsLogits();
    });

    /// <summary>The configuration of one tower: a section, or the whole file of that tower alone. The first files of CLIP have
    /// sections of another name, which count before the others.</summary>
    public static ModelConfig Section(ModelConfig json, string name) => json.Has($"{name}_dict") ? json.Section($"{name}_dict")
        : json.Has(name) ? json.Section(name)
        : json.ModelType.EndsWith("_model", StringComparison.Ordinal) ? json : json.Section(name);

    private Tower TextTower(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        weights = Towers(weights);
        IgnoreOthers(weights, "vision_model");
        return Text(graph, Section(json, "text_config"), weights.Body("text_model"), rows);
    }

    private Tower ImageTower(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        weights = Towers(weights);
        IgnoreOthers(weights, "text_model");
        return Image(graph, Section(json, "vision_config"), weights.Body("vision_model"), rows);
    }

    /// <summary>Accounts for what one tower does not read of a checkpoint with both, or with a head that the class lacks.</summary>
    /// <param name="tower">The module of the other tower.</param>
    public static void IgnoreOthers(Weights weights, string tower)
    {
        weights.Ignore(tower, "text_projection", "visual_projection", "logit_scale", "logit_bias", "classifier");
        weights.Body("vision_model").Ignore("post_layernorm", "head");
    }

    // Where both towers are.
    private Weights Towers(Weights weights)
    {
        if (Beneath is not { } beneath || !weights.Has(beneath.Module))
            return weights;
        weights.Ignore(beneath.Heads);
        return weights[beneath.Module];
    }

    private static Outputs States(Tower tower)
    {
        var outputs = new Outputs { { "last_hidden_state", tower.Hidden } };
        if (tower.Pooled is { } pooled)
            outputs.Add("pooler_output", pooled);
        return outputs;
    }

    private Outputs Compare(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights = Towers(weights);
        var texts = ProjectText(Text(graph, Section(json, "text_config"), weights["text_model"], Texts).RequirePooled(), weights).Normalized();
        var images = ProjectImage(Image(graph, Section(json, "vision_config"), weights["vision_model"], Images).RequirePooled(), weights).Normalized();
        var perText = texts.MatMul(images.Transpose(1, 0)) * weights.Get("logit_scale").Exp(); // [T, I]
        if (weights.Find("logit_bias") is { } bias)
            perText += bias;
        return new Outputs { { "logits_per_image", perText.Transpose(1, 0) }, { "logits_per_text", perText }, { "text_embeds", texts }, { "image_embeds", images } };
    }
}
