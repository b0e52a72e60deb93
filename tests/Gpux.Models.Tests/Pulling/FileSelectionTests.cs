using Gpux.Models.Pulling;

namespace Gpux.Models.Tests.Pulling;

public sealed class FileSelectionTests
{
    private static FileSelection Needed(string files, params string[]? weights) =>
        FileSelection.Needed([.. files.Split(' ').Select(path => new ModelFile(path, 1, null))], weights is { Length: > 0 } ? weights : null);

    private static string Wanted(FileSelection selection) => string.Join(' ', selection.Wanted.Select(file => file.Path));

    [Theory]
    [InlineData("config.json model.safetensors pytorch_model.bin tf_model.h5 flax_model.msgpack tokenizer.json README.md .gitattributes",
        "config.json model.safetensors tokenizer.json")]
    [InlineData("config.json pytorch_model-00001-of-00002.bin pytorch_model-00002-of-00002.bin pytorch_model.bin.index.json training_args.bin",
        "config.json pytorch_model-00001-of-00002.bin pytorch_model-00002-of-00002.bin pytorch_model.bin.index.json training_args.bin")]
    [InlineData("config.json onnx/model.onnx onnx/model_quantized.onnx onnx/model_fp16.onnx openvino/openvino_model.xml", "config.json onnx/model.onnx")]
    [InlineData("config.json onnx/encoder_model.onnx onnx/decoder_model.onnx onnx/encoder_model_int8.onnx", "config.json onnx/encoder_model.onnx onnx/decoder_model.onnx")]
    [InlineData("a.Q8_0.gguf a.Q4_K_M.gguf a.Q2_K.gguf mmproj-f16.gguf README.md", "a.Q4_K_M.gguf mmproj-f16.gguf")]
    [InlineData("a-Q4_K_M-00001-of-00002.gguf a-Q4_K_M-00002-of-00002.gguf a-Q8_0.gguf", "a-Q4_K_M-00001-of-00002.gguf a-Q4_K_M-00002-of-00002.gguf")]
    [InlineData("saved_model.pb variables/variables.index variables/variables.data-00000-of-00001 assets/vocab.txt",
        "saved_model.pb variables/variables.index variables/variables.data-00000-of-00001 assets/vocab.txt")]
    [InlineData("unet/diffusion_pytorch_model.safetensors unet/diffusion_pytorch_model.fp16.safetensors vae/diffusion_pytorch_model.safetensors unet/config.json",
        "unet/diffusion_pytorch_model.safetensors vae/diffusion_pytorch_model.safetensors unet/config.json")]
    [InlineData("model.safetensors consolidated.safetensors config.json", "model.safetensors config.json")]
    [InlineData("resnet50-11ad3fa6.pth", "resnet50-11ad3fa6.pth")]
    public void One_format_and_one_variant_are_wanted(string published, string wanted) => Assert.Equal(wanted, Wanted(Needed(published)));

    [Fact]
    public void What_a_conversion_reads_is_wanted_and_nothing_else_of_weights()
    {
        var selection = Needed("config.json model.safetensors model.fp16.safetensors onnx/model.onnx notes.pdf", "model.safetensors");
        Assert.Equal("config.json model.safetensors", Wanted(selection));
        Assert.All(selection.Left, left => Assert.NotEmpty(left.Reason));
        Assert.Contains(selection.Left, left => left.File.Path == "notes.pdf" && left.Reason == "documentation");
    }

    [Theory]
    [InlineData("*.json", "", "config.json sub/a.json")]
    [InlineData("sub/", "", "sub/a.json sub/b.bin")]
    [InlineData("", "*.bin", "config.json sub/a.json C.JSON")]
    [InlineData("*", "sub/*", "config.json C.JSON")]
    [InlineData("[ab].???n", "", "")]
    [InlineData("sub/[!b].json", "", "sub/a.json")]
    [InlineData("c?nfig.*", "", "config.json")]
    public void Patterns_choose_as_the_Hubs_tools_do(string include, string exclude, string wanted)
    {
        ModelFile[] files = [.. "config.json sub/a.json sub/b.bin C.JSON".Split(' ').Select(path => new ModelFile(path, 1, null))];
        Assert.Equal(wanted, Wanted(FileSelection.Matching(files, [.. include.Split(' ', StringSplitOptions.RemoveEmptyEntries)], [.. exclude.Split(' ', StringSplitOptions.RemoveEmptyEntries)])));
    }
}
