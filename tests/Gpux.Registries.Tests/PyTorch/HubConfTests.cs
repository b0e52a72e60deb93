using Gpux.Registries.PyTorch;

namespace Gpux.Registries.Tests.PyTorch;

public sealed class HubConfTests
{
    private const string Source = """"
        # def commented(): pass
        dependencies = ['torch', "numpy",  # 'not this'
                        'timm']
        import torch
        from models.resnet import resnet18 as net18, resnet34, _hidden
        from models.vit import (
            vit_small,  # the small one
            vit_large as vit,
        )
        text = """
        def inside_a_string():
            pass
        """
        alias = net18
        number = 7
        _private = net18

        def detr(pretrained=False,
                 classes=91):
            r"""DETR with a backbone.

                Indented further.
            Returns a model \d.
            """
            url = "https://host/detr-r50-e632da11.pth"
            def inner():
                return 1
            return url

        def plain(x=")"): return x
        def _helper():
            "hidden"
        class Wrapper:
            def method(self):
                pass
        """";

    [Fact]
    public void Entry_points_are_those_of_the_module_itself()
    {
        var conf = HubConf.Parse(Source);
        Assert.Equal(["torch", "numpy", "timm"], conf.Dependencies);
        Assert.Equal(["net18", "resnet34", "vit_small", "vit", "alias", "detr", "plain"], conf.Entries.Select(entry => entry.Name));
        Assert.False(conf.IsDynamic);
    }

    [Fact]
    public void Docstring_is_shown_as_help()
    {
        var detr = HubConf.Parse(Source.ReplaceLineEndings("\r\n")).Entries.Single(entry => entry.Name == "detr");
        Assert.Equal("DETR with a backbone.\n\n    Indented further.\nReturns a model \\d.", detr.Help);
        Assert.Contains("detr-r50-e632da11.pth", detr.Source, StringComparison.Ordinal);
        Assert.DoesNotContain("plain", detr.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void Entry_points_that_are_made_as_it_runs_cannot_be_listed() =>
        Assert.True(HubConf.Parse("import timm\nfor name in timm.list_models():\n    globals()[name] = make(name)\n").IsDynamic);

    [Theory]
    [InlineData("")]
    [InlineData("def")]
    [InlineData("def ")]
    [InlineData("def f(")]
    [InlineData("x = '''")]
    [InlineData("x = 'a\nb")]
    [InlineData("((((((")]
    [InlineData("))))\ny = x")]
    [InlineData("from")]
    [InlineData("from x import")]
    [InlineData("dependencies = [r")]
    [InlineData("\\")]
    [InlineData("a = b\\")]
    [InlineData("dependencies = ['\\")]
    public void Any_text_is_read_to_its_end(string source) => Assert.NotNull(HubConf.Parse(source).Entries);

    [Fact]
    public void Addresses_of_weights_are_found_in_source()
    {
        var addresses = new List<string>();
        HubArchive.AddAddresses(
            """
            a = 'https://host/a-0123abcd.pth', "https://host/b.safetensors"); # see https://host/c.onnx.
            d = f"https://host/{name}.pth"; e = 'ftp://host/e.pth'; f = "https://host/f.py"; g = 'https://host/a-0123abcd.pth'
            """, addresses);
        Assert.Equal(["https://host/a-0123abcd.pth", "https://host/b.safetensors", "https://host/c.onnx"], addresses);
    }
}
