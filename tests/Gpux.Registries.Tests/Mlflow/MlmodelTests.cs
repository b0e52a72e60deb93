using System.Text;
using Gpux.Registries.Mlflow;

namespace Gpux.Registries.Tests.Mlflow;

public sealed class MlmodelTests
{
    private static readonly ModelReference Model = new("mlflow", "m");

    private static Mlmodel Read(string yaml) => Mlmodel.Read(Model, Encoding.UTF8.GetBytes(yaml));

    private static string Arranged(string yaml, params string[] files) =>
        string.Join(' ', Read(yaml).Arrange([.. files.Select(file => new ModelFile(file, 1, null))]).Select(file => file.Path));

    [Theory]
    [InlineData("onnx: {data: model.onnx}", "MLmodel model.onnx model.onnx.data", "MLmodel model.onnx model.onnx.data")]
    [InlineData("onnx: {data: net/model.onnx}", "MLmodel net/model.onnx net/w.data", "MLmodel model.onnx w.data")]
    [InlineData("transformers: {model_binary: model, task: x}", "MLmodel components/tokenizer/tokenizer.json model/config.json", "MLmodel config.json tokenizer.json")]
    [InlineData("pytorch: {model_data: data}", "MLmodel data/model.pt2 extra_files/x", "MLmodel extra_files/x model.pt2")]
    [InlineData("tensorflow: {saved_model_dir: tf2model, model_type: tf2-module}", "tf2model/saved_model.pb tf2model/variables/variables.index", "saved_model.pb variables/variables.index")]
    [InlineData("tensorflow: {data: data, model_type: keras}", "data/keras_module.txt data/model/saved_model.pb", "keras_module.txt saved_model.pb")]
    [InlineData("keras: {data: data}", "data/model.keras", "model.keras")]
    [InlineData("sklearn: {pickled_model: model.pkl}", "MLmodel model.pkl", "MLmodel model.pkl")]
    [InlineData("xgboost: {data: model.xgb}", "model.xgb", "model.xgb")]
    [InlineData("python_function: {python_model: python_model.pkl}", "python_model.pkl", "python_model.pkl")]
    public void Files_of_the_flavor_lie_at_the_root(string flavor, string files, string expected) =>
        Assert.Equal(expected, Arranged($"flavors:\n  {flavor}\n", files.Split(' ')));

    [Fact]
    public void Name_that_is_taken_stays_where_it_is()
    {
        var files = Read("flavors:\n  transformers: {model_binary: model}\n").Arrange(
            [new("CONFIG.json", 1, null), new("components/tokenizer/a", 1, null), new("model/a", 2, null), new("model/config.json", 1, null)]);
        Assert.Equal(["CONFIG.json", "a", "components/tokenizer/a", "model/config.json"], files.Select(file => file.Path));
        Assert.Equal("model/a", files[1].ObjectId);
        Assert.Null(files[3].ObjectId);
    }

    [Fact]
    public void Flavor_that_converts_without_Python_is_preferred()
    {
        Assert.Equal("onnx", Read("flavors: {python_function: {}, pytorch: {}, onnx: {data: m.onnx}}").Flavor);
        Assert.Equal("transformers", Read("flavors: {pytorch: {}, transformers: {model_binary: model}}").Flavor);
        Assert.Equal("prophet", Read("flavors: {python_function: {}, prophet: {}}").Flavor);
    }

    [Theory]
    [InlineData("")]
    [InlineData("- a")]
    [InlineData("flavors: [onnx]")]
    [InlineData("flavors: {onnx: {data: m}, onnx: {data: n}}")]
    [InlineData("flavors: {pytorch: {model_data: ../../etc}}")]
    [InlineData("flavors: {transformers: {task: x}}")]
    [InlineData("flavors: {transformers: {source_model_name: /home/x, has_local_base_model_path: true}}")]
    [InlineData("flavors: {onnx: *nobody}")]
    [InlineData("{{{{{{{{")]
    public void Broken_files_are_refused(string yaml) => Assert.Throws<InvalidMlmodelException>(() => Read(yaml));
}
