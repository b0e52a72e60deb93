namespace Gpux.Conversion.Tests.Architectures;

/// <summary>Options and weights of image models, judged by recorded models.</summary>
public sealed class VisionTests
{
    public static TheoryData<string> Models => RecordedModels.Families(["pixel_values"], "input_ids");

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt => RecordedModels.Present(
        ("swin-model", "num_heads", "[2]"),
        ("swinv2-model", "pretrained_window_sizes", "[1, 1]"),
        ("cvt-model", "qkv_projection_method", """["avg", "dw_bn", "dw_bn"]"""),
        ("bit-classification", "global_padding", "\"REFLECT\""),
        ("regnet-x-model", "layer_type", "\"z\""),
        ("efficientnet-image-classification", "pooling_type", "\"median\""),
        ("convnext-backbone", "out_features", """["stage9"]"""),
        ("beit-segmentation", "out_indices", "[1, 2, 3]"),
        ("beit-model", "image_size", "1000000000"),
        ("vit_mae-model", "mask_ratio", "2"),
        ("hiera-image-classification", "masked_unit_attention", "[true]"),
        ("dinov3_vit-model", "num_attention_heads", "16"),
        ("grounding-dino", "position_embedding_type", "\"learned\""));

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        var refusal = RecordedModels.Refusal(model, field, value);
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException && refusal.Message.Contains(field, StringComparison.Ordinal), refusal.Message);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Weights_stay_where_they_lie(string model)
    {
        var graph = RecordedModels.Plan(RecordedModels.Repository(model))!.Model.Graph; // it converts
        // What is not a weight is small: tables of distances, shapes, numbers.
        Assert.All(graph.Initializers, tensor => Assert.True(tensor.External is not null || tensor.Data.Length <= 1 << 16, tensor.Name));
        Assert.DoesNotContain(graph.Initializers, tensor => tensor.External is RearrangedData);
    }
}
