using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>Models of two towers: each can be used without the other.</summary>
public sealed class ImageTextPairTests
{
    private const int Width = 4, Patch = 2;

    [Theory]
    [InlineData("CLIPModel", "pixel_values input_ids attention_mask", "logits_per_image logits_per_text text_embeds image_embeds")]
    [InlineData("CLIPModel.get_image_features", "pixel_values", "image_features")]
    [InlineData("CLIPModel.get_text_features", "input_ids attention_mask", "text_features")]
    [InlineData("CLIPVisionModel", "pixel_values", "last_hidden_state pooler_output")]
    [InlineData("CLIPVisionModelWithProjection", "pixel_values", "image_embeds last_hidden_state")]
    [InlineData("CLIPTextModel", "input_ids attention_mask", "last_hidden_state pooler_output")]
    [InlineData("CLIPTextModelWithProjection", "input_ids attention_mask", "text_embeds last_hidden_state")]
    public void A_class_takes_what_its_towers_need_and_no_more(string className, string inputs, string outputs)
    {
        using var checkpoint = Clip();
        var files = checkpoint.Write("""
            {"model_type": "clip", "text_config": {"num_hidden_layers": 1, "num_attention_heads": 2},
             "vision_config": {"num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 4, "patch_size": 2}}
            """);
        var graph = Converter.Plan(files, new ConversionOptions(ClassName: className)).Model.Graph;
        Assert.Equal(inputs.Split(' ').Order(), graph.Inputs.Select(input => input.Name).Order());
        Assert.Equal(outputs.Split(' '), graph.Outputs.Select(output => output.Name));
    }

    [Fact]
    public void Sections_of_the_first_files_count_before_the_others()
    {
        using var checkpoint = Clip();
        // Two layers, which text_config states, are not in the file.
        var files = checkpoint.Write("""
            {"model_type": "clip", "text_config": {"num_hidden_layers": 2}, "text_config_dict": {"num_hidden_layers": 1, "num_attention_heads": 2}}
            """);
        Assert.Equal("CLIPTextModel", Converter.Plan(files, new ConversionOptions(ClassName: "CLIPTextModel")).ClassName);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> Alone => RecordedModels.Present(
        ("altclip", "AltCLIPTextModel", "altclip_text_model"), ("altclip", "AltCLIPVisionModel", "altclip_vision_model"),
        ("chinese-clip", "ChineseCLIPTextModel", "chinese_clip_text_model"), ("chinese-clip", "ChineseCLIPVisionModel", "chinese_clip_vision_model"),
        ("clipseg", "CLIPSegTextModel", "clipseg_text_model"), ("clipseg", "CLIPSegVisionModel", "clipseg_vision_model"),
        ("groupvit", "GroupViTTextModel", "groupvit_text_model"), ("groupvit", "GroupViTVisionModel", "groupvit_vision_model"),
        ("metaclip_2", "MetaClip2TextModelWithProjection", "metaclip_2_text_model"), ("metaclip_2", "MetaClip2VisionModel", "metaclip_2_vision_model"),
        ("owlvit", "OwlViTTextModel", "owlvit_text_model"), ("owlvit", "OwlViTVisionModel", "owlvit_vision_model"),
        ("owlv2", "Owlv2TextModel", "owlv2_text_model"), ("owlv2", "Owlv2VisionModel", "owlv2_vision_model"),
        ("siglip2-naflex", "Siglip2TextModel", "siglip2_text_model"), ("siglip2-naflex", "Siglip2VisionModel", "siglip2_vision_model"),
        ("blip-retrieval", "BlipVisionModel", "blip_vision_model"));

    /// <summary>A tower that was saved alone states its own configuration as a whole.</summary>
    [Theory]
    [MemberData(nameof(Alone))]
    public void A_tower_is_the_same_by_its_own_configuration(string model, string className, string modelType)
    {
        using var copy = new RepositoryCopy(model);
        var beside = Nodes(copy.Folder, className);
        var section = copy.Config[className.Contains("Text", StringComparison.Ordinal) ? "text_config" : "vision_config"]!.DeepClone().AsObject(); // a recorded section
        section["model_type"] = modelType;
        section["architectures"] = new JsonArray(className);
        copy.Write(config =>
        {
            config.Clear();
            foreach (var (name, value) in section)
                config[name] = value?.DeepClone();
        });
        Assert.Equal(beside, Nodes(copy.Folder, className: null));
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> Bodies => RecordedModels.Present(
        ("owlvit", "OwlViTModel", "logits_per_image logits_per_text text_embeds image_embeds"),
        ("clipseg", "CLIPSegModel.get_text_features", "text_features"),
        ("vilt-question-answering", "ViltModel", "last_hidden_state pooler_output"));

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Bodies_are_found_in_the_checkpoints_of_other_classes(string model, string className, string outputs)
    {
        var graph = Converter.Plan(RecordedModels.Repository(model), new ConversionOptions(ClassName: className)).Model.Graph;
        Assert.Equal(outputs.Split(' '), graph.Outputs.Select(output => output.Name));
    }

    private static List<string> Nodes(ModelFiles files, string? className) =>
        [.. Converter.Plan(files, new ConversionOptions(ClassName: className)).Model.Graph.Nodes.Select(node => $"{node.OpType} {string.Join(' ', node.Inputs)}")];

    [Fact]
    public void Parts_of_a_packed_matrix_are_used_where_they_lie()
    {
        using var checkpoint = new TinyCheckpoint();
        AddLayer(checkpoint, "encoder.layers.0");
        checkpoint.AddModule("embeddings.patch_embedding", Width, 3, Patch, Patch);
        checkpoint.Add("embeddings.position_embedding.weight", 4, Width);
        checkpoint.AddModule("post_layernorm", Width);
        checkpoint.Add("head.probe", 1, 1, Width);
        checkpoint.Add("head.attention.in_proj_weight", 3 * Width, Width);
        checkpoint.Add("head.attention.in_proj_bias", 3 * Width);
        checkpoint.AddModule("head.attention.out_proj", Width, Width);
        checkpoint.AddModule("head.layernorm", Width);
        checkpoint.AddModule("head.mlp.fc1", Width, Width);
        checkpoint.AddModule("head.mlp.fc2", Width, Width);
        var files = checkpoint.Write("""
            {"model_type": "siglip_vision_model", "architectures": ["SiglipVisionModel"], "num_hidden_layers": 1, "num_attention_heads": 2,
             "image_size": 4, "patch_size": 2}
            """);
        var parts = Converter.Plan(files, new ConversionOptions()).Model.Graph.Initializers.Where(tensor => tensor.Name.Contains("in_proj_weight[", StringComparison.Ordinal))
            .OrderBy(tensor => tensor.External!.Offset).ToArray(); // weights lie in their file
        Assert.Equal(3, parts.Length);
        Assert.All(parts, part => Assert.Equal(Width * Width * sizeof(float), part.External!.Length)); // as above
        Assert.Equal([0L, 64, 128], parts.Select(part => part.External!.Offset - parts[0].External!.Offset)); // as above
    }

    private static TinyCheckpoint Clip()
    {
        var checkpoint = new TinyCheckpoint();
        AddLayer(checkpoint, "text_model.encoder.layers.0");
        AddLayer(checkpoint, "vision_model.encoder.layers.0");
        checkpoint.Add("text_model.embeddings.token_embedding.weight", 10, Width);
        checkpoint.Add("text_model.embeddings.position_embedding.weight", 8, Width);
        checkpoint.AddModule("text_model.final_layer_norm", Width);
        checkpoint.Add("text_projection.weight", 3, Width);
        checkpoint.Add("vision_model.embeddings.class_embedding", Width);
        checkpoint.Add("vision_model.embeddings.patch_embedding.weight", Width, 3, Patch, Patch);
        checkpoint.Add("vision_model.embeddings.position_embedding.weight", 5, Width);
        checkpoint.AddModule("vision_model.pre_layrnorm", Width);
        checkpoint.AddModule("vision_model.post_layernorm", Width);
        checkpoint.Add("visual_projection.weight", 3, Width);
        checkpoint.Add("logit_scale");
        return checkpoint;
    }

    private static void AddLayer(TinyCheckpoint checkpoint, string layer)
    {
        foreach (var projection in (ReadOnlySpan<string>)["q_proj", "k_proj", "v_proj", "out_proj"])
            checkpoint.AddModule($"{layer}.self_attn.{projection}", Width, Width);
        checkpoint.AddModule($"{layer}.layer_norm1", Width);
        checkpoint.AddModule($"{layer}.layer_norm2", Width);
        checkpoint.AddModule($"{layer}.mlp.fc1", 2 * Width, Width);
        checkpoint.AddModule($"{layer}.mlp.fc2", Width, 2 * Width);
    }
}
