using System.Text;
using Gpux.Conversion.Architectures.Timm;
using Gpux.Conversion.Architectures.Torchvision;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>What tells models of timm and torchvision apart, which have no model_type.</summary>
public sealed class TimmTests
{
    [Theory]
    [InlineData("resnet18.a1_in1k"), InlineData("vit_base_patch14_reg4_dinov2.lvd142m"), InlineData("tf_efficientnetv2_s.in21k_ft_in1k")]
    [InlineData("swin_base_patch4_window12_384"), InlineData("deit3_huge_patch14_224"), InlineData("mobilenetv4_conv_small.e2400_r224_in1k")]
    public void Entries_are_found_without_the_tag_of_their_weights(string architecture) =>
        Assert.NotNull(TimmCatalog.Find(TimmArguments.EntryOf(Config($$"""{"architecture": "{{architecture}}"}"""))));

    [Theory]
    [InlineData("resnet18x", "resnet18"), InlineData("vit_base_patch16_xp_224", "vit_base_patch16_"), InlineData("resnetv2_50", "resnet")]
    public void An_unknown_entry_is_refused_naming_the_nearest(string architecture, string nearest)
    {
        var error = Assert.Throws<UnsupportedModelException>(() => TimmCatalog.Find(architecture));
        Assert.Contains($"'{architecture}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(nearest, error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void No_entry_is_of_two_families()
    {
        var entries = TimmCatalog.All.SelectMany(family => family.Entries.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).ToArray();
        Assert.Equal(entries.Distinct(), entries);
    }

    [Fact]
    public void An_argument_that_nothing_reads_is_refused_by_name()
    {
        var arguments = new TimmArguments(Config("""{"architecture": "resnet18", "model_args": {"drop_rate": 0.1, "aa_layer": "blur"}}"""));
        var error = Assert.Throws<UnsupportedModelException>(arguments.RequireAllKnown);
        Assert.Contains("'aa_layer'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_of_images_is_the_arguments_or_that_of_fixed_weights()
    {
        Assert.Equal((48, 32), new TimmArguments(Config("""{"architecture": "x", "model_args": {"img_size": [48, 32]}, "pretrained_cfg": {"input_size": [3, 8, 8], "fixed_input_size": true}}""")).ImageSize(224));
        Assert.Equal((8, 16), new TimmArguments(Config("""{"architecture": "x", "pretrained_cfg": {"input_size": [3, 8, 16], "fixed_input_size": true}}""")).ImageSize(224));
        Assert.Equal((224, 224), new TimmArguments(Config("""{"architecture": "x", "pretrained_cfg": {"input_size": [3, 8, 16], "fixed_input_size": false}}""")).ImageSize(224));
    }

    [Fact]
    public void The_first_repositories_hold_what_is_said_of_weights_beside_the_name()
    {
        var arguments = new TimmArguments(Config("""{"architecture": "x", "num_classes": 7, "input_size": [3, 8, 16], "fixed_input_size": true, "global_pool": "max"}"""));
        Assert.Equal((8, 16), arguments.ImageSize(224));
        Assert.Equal((7, "max"), (arguments.ClassCount, arguments.GlobalPool()));
    }

    [Theory]
    [InlineData("""{"architecture": "x", "num_classes": 0, "pretrained_cfg": {"num_classes": 1000}}""", 0)]
    [InlineData("""{"architecture": "x", "num_classes": 5, "model_args": {"num_classes": 3}}""", 3)]
    [InlineData("""{"architecture": "x", "pretrained_cfg": {"num_classes": 9}}""", 9)]
    public void Classes_are_counted_by_arguments_then_beside_the_name(string config, int count) => Assert.Equal(count, new TimmArguments(Config(config)).ClassCount);

    [Theory]
    [InlineData("timm-test_vit", "norm_layer", "\"simplenorm\""), InlineData("timm-test_resnet", "norm_layer", "\"layernorm2d\"")]
    [InlineData("timm-test_convnext", "patch_size", "8"), InlineData("timm-test_resnet", "global_pool", "\"\"")]
    public void An_argument_that_would_change_the_result_silently_is_refused(string model, string argument, string value)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config => config["model_args"]!.AsObject()[argument] = System.Text.Json.Nodes.JsonNode.Parse(value)); // they all have some
        var refusal = Assert.Throws<UnsupportedModelException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
        Assert.Contains(argument, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(32, 3), InlineData(16, 2), InlineData(8, 1)]
    public void Resnets_widen_windows_in_place_of_strides(int outputStride, int stages)
    {
        using var copy = new RepositoryCopy("timm-test_resnet");
        copy.Write(config => config["model_args"]!.AsObject()["output_stride"] = outputStride); // it has some
        var nodes = Converter.Plan(copy.Folder, new ConversionOptions()).Model.Graph.Nodes;
        Assert.Equal(stages, nodes.Where(node => node.OpType == "Conv" && node.Name.Contains("layer", StringComparison.Ordinal)
            && node.Attributes.Exists(attribute => attribute.Name == "strides" && attribute.Ints[0] == 2)).Select(node => node.Name[node.Name.IndexOf("layer", StringComparison.Ordinal)..][..6]).Distinct().Count());
    }

    [Theory]
    [InlineData("resnet18-f37072fd.pth", "resnet18"), InlineData("alexnet-owt-7be5be79.pth", "alexnet"), InlineData("vgg11_bn-6002323d.pth", "vgg11_bn")]
    [InlineData("efficientnet_b0_rwightman-7f5810bc.pth", "efficientnet_b0"), InlineData("inception_v3_google-0cc3c7bd.pth", "inception_v3")]
    [InlineData("mnasnet0.5_top1_67.823-3ffadce67e.pth", "mnasnet0_5"), InlineData("shufflenetv2_x1-5666bf0f80.pth", "shufflenet_v2_x1_0")]
    [InlineData("shufflenetv2_x1_5-3c479a10.pth", "shufflenet_v2_x1_5"), InlineData("deeplabv3_resnet50_coco-cd0a2569.pth", "deeplabv3_resnet50")]
    [InlineData("regnet_y_16gf_lc_swag-f3ec0043.pth", "regnet_y_16gf"), InlineData("resnet50.pth", "resnet50")]
    [InlineData("wide_resnet50_2-95faca4d.pth", "wide_resnet50_2"), InlineData("swin_v2_t-b137f0e2.pth", "swin_v2_t")]
    public void A_published_file_names_its_entry(string file, string entry) => Assert.Equal(entry, TorchvisionCatalog.EntryOf(file));

    [Theory]
    [InlineData("model.pth"), InlineData("resnet50_fbgemm-23753f79.pth"), InlineData("resnet180-f37072fd.pth"), InlineData("maxvit_t-bc5ab103.pth")]
    public void A_file_of_another_name_tells_nothing(string file)
    {
        Assert.Null(TorchvisionCatalog.EntryOf(file));
        var error = Assert.Throws<UnsupportedModelException>(() => TorchvisionModel.Describe([file], className: null));
        Assert.Contains("--class", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_may_name_the_entry() =>
        Assert.Equal("resnet18", TorchvisionModel.Describe(["model.pth"], "resnet18")!.Architectures[0]); // a state dict alone

    [Fact]
    public void A_repository_with_configuration_is_no_bare_state_dict() =>
        Assert.Null(TorchvisionModel.Describe(["config.json", "resnet18-f37072fd.pth"], className: null));

    private static ModelConfig Config(string json) => ModelConfig.Parse(Encoding.UTF8.GetBytes(json));
}
