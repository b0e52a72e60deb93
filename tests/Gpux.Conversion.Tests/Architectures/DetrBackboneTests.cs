namespace Gpux.Conversion.Tests.Architectures;

/// <summary>Detectors whose backbone has timm's names, as the first files of the family.</summary>
public sealed class DetrBackboneTests
{
    private const int Width = 8;

    [Theory]
    [InlineData("{\"use_timm_backbone\": true, \"backbone\": \"resnet50\"", 1)]
    [InlineData("{\"backbone_config\": {\"model_type\": \"timm_backbone\", \"backbone\": \"resnet50\"}", 1)]
    [InlineData("{\"backbone\": \"resnet50\", \"dilation\": true", 0)]
    public void Backbones_of_timm_convert(string config, int stridesOfLastStage)
    {
        using var checkpoint = Detr();
        var graph = Converter.Plan(checkpoint.Write(config + Rest), new ConversionOptions()).Model.Graph;
        Assert.Equal(stridesOfLastStage, graph.Nodes.Count(node => node.OpType == "Conv" && node.Name.Contains("layer4.0.conv2", StringComparison.Ordinal)
            && node.Attributes.Exists(attribute => attribute.Name == "strides" && attribute.Ints[0] == 2)));
    }

    [Theory]
    [InlineData(4)] // the last three, and one that is made of the last
    [InlineData(1)]
    public void Deformable_detectors_read_the_last_stages_of_timm(int levels)
    {
        using var checkpoint = new TinyCheckpoint();
        AddBackbone(checkpoint, stage => 4 * stage);
        for (var i = 0; i < levels; i++)
        {
            var isMade = i == 3;
            checkpoint.AddModule($"model.input_proj.{i}.0", 32, levels == 1 || isMade ? 16 : 8 + 4 * i, isMade ? 3 : 1, isMade ? 3 : 1);
            checkpoint.AddModule($"model.input_proj.{i}.1", 32);
        }
        if (levels > 1)
            checkpoint.Add("model.level_embed", levels, 32);
        checkpoint.Add("model.query_position_embeddings.weight", 3, 64);
        checkpoint.AddModule("model.reference_points", 2, 32);
        checkpoint.AddModule("class_embed.0", 5, 32);
        checkpoint.AddModule("bbox_embed.0.layers.0", 4, 32);
        var config = $$"""
            {"model_type": "deformable_detr", "architectures": ["DeformableDetrForObjectDetection"], "use_timm_backbone": true, "backbone": "resnet50",
             "num_feature_levels": {{levels}}, "d_model": 32, "encoder_layers": 0, "decoder_layers": 0}
            """;
        var graph = Converter.Plan(checkpoint.Write(config), new ConversionOptions()).Model.Graph; // the channels of other stages would fit no projection
        Assert.Equal(levels, graph.Nodes.Count(node => node.OpType == "Conv" && node.Name.Contains("input_proj", StringComparison.Ordinal)));
    }

    [Fact]
    public void Other_backbones_of_timm_are_refused_by_name()
    {
        using var checkpoint = Detr();
        var refusal = Assert.Throws<UnsupportedModelException>(() => Converter.Plan(checkpoint.Write("{\"backbone\": \"mobilenetv3_small\"" + Rest), new ConversionOptions()));
        Assert.Contains("mobilenetv3_small", refusal.Message, StringComparison.Ordinal);
    }

    private const string Rest = """
        , "model_type": "detr", "architectures": ["DetrForObjectDetection"], "d_model": 8, "encoder_layers": 1, "decoder_layers": 1,
          "encoder_attention_heads": 2, "decoder_attention_heads": 2}
        """;

    private static TinyCheckpoint Detr()
    {
        var checkpoint = new TinyCheckpoint();
        AddBackbone(checkpoint, _ => Width);
        checkpoint.AddModule("model.input_projection", Width, 8, 1, 1);
        checkpoint.Add("model.query_position_embeddings.weight", 3, Width);
        foreach (var (layer, attentions) in ((string, string[])[])[("model.encoder.layers.0", ["self_attn"]), ("model.decoder.layers.0", ["self_attn", "encoder_attn"])])
        {
            foreach (var attention in attentions)
            {
                foreach (var projection in (ReadOnlySpan<string>)["q_proj", "k_proj", "v_proj", "out_proj"])
                    checkpoint.AddModule($"{layer}.{attention}.{projection}", Width, Width);
                checkpoint.AddModule($"{layer}.{attention}_layer_norm", Width);
            }
            checkpoint.AddModule($"{layer}.fc1", Width, Width);
            checkpoint.AddModule($"{layer}.fc2", Width, Width);
            checkpoint.AddModule($"{layer}.final_layer_norm", Width);
        }
        checkpoint.AddModule("model.decoder.layernorm", Width);
        checkpoint.AddModule("class_labels_classifier", 5, Width);
        checkpoint.AddModule("bbox_predictor.layers.0", 4, Width);
        return checkpoint;
    }

    private static void AddBackbone(TinyCheckpoint checkpoint, Func<int, int> widthOfStage)
    {
        const string Backbone = "model.backbone.conv_encoder.model";
        AddConvolution(checkpoint, $"{Backbone}.conv1", $"{Backbone}.bn1", 4, 3, 7);
        var given = 4;
        for (var stage = 1; stage <= 4; stage++)
        {
            for (var i = 0; i < (stage == 4 ? 2 : 1); i++)
            {
                var (block, width) = ($"{Backbone}.layer{stage}.{i}", widthOfStage(stage));
                AddConvolution(checkpoint, $"{block}.conv1", $"{block}.bn1", 2, given, 1);
                AddConvolution(checkpoint, $"{block}.conv2", $"{block}.bn2", 2, 2, 3);
                AddConvolution(checkpoint, $"{block}.conv3", $"{block}.bn3", width, 2, 1);
                if (i == 0)
                    AddConvolution(checkpoint, $"{block}.downsample.0", $"{block}.downsample.1", width, given, 1);
                given = width;
            }
        }
    }

    private static void AddConvolution(TinyCheckpoint checkpoint, string convolution, string norm, long channels, long given, long size)
    {
        checkpoint.Add($"{convolution}.weight", channels, given, size, size);
        foreach (var statistic in (ReadOnlySpan<string>)["weight", "bias", "running_mean", "running_var"])
            checkpoint.Add($"{norm}.{statistic}", channels);
    }
}
