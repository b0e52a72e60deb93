using Gpux.Conversion;
using Gpux.Conversion.SentenceTransformers;
using Gpux.Models.Tests.Batches;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Tests.SentenceTransformers;

/// <summary>What may follow the encoder of a sentence model, compared with what the same embedding gives without it.</summary>
public sealed class SentenceModuleTests : IDisposable
{
    private const int Width = SentenceRepository.Width;
    private const string Text = "Alice lives in Paris.";
    private readonly TestPipelines _pipelines = new();
    private readonly List<SentenceRepository> _repositories = [];

    // By the definitions of torch.nn, of a value and of all of them.
    private static readonly Dictionary<string, Func<double, double[], double>> Functions = new()
    {
        ["torch.nn.modules.linear.Identity"] = (x, _) => x,
        ["torch.nn.modules.activation.Tanh"] = (x, _) => Math.Tanh(x),
        ["torch.nn.modules.activation.ReLU"] = (x, _) => Math.Max(x, 0),
        ["torch.nn.modules.activation.ReLU6"] = (x, _) => Math.Clamp(x, 0, 6),
        ["torch.nn.modules.activation.LeakyReLU"] = (x, _) => x > 0 ? x : 0.01 * x,
        ["torch.nn.modules.activation.RReLU"] = (x, _) => x > 0 ? x : x * (1.0 / 8 + 1.0 / 3) / 2,
        ["torch.nn.modules.activation.PReLU"] = (x, _) => x > 0 ? x : 0.25 * x,
        ["torch.nn.modules.activation.ELU"] = (x, _) => x > 0 ? x : Math.Exp(x) - 1,
        ["torch.nn.modules.activation.CELU"] = (x, _) => x > 0 ? x : Math.Exp(x) - 1,
        ["torch.nn.modules.activation.SELU"] = (x, _) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)),
        ["torch.nn.modules.activation.SiLU"] = (x, _) => x * Sigmoid(x),
        ["torch.nn.modules.activation.Mish"] = (x, _) => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        ["torch.nn.modules.activation.Sigmoid"] = (x, _) => Sigmoid(x),
        ["torch.nn.modules.activation.LogSigmoid"] = (x, _) => Math.Log(Sigmoid(x)),
        ["torch.nn.modules.activation.Tanhshrink"] = (x, _) => x - Math.Tanh(x),
        ["torch.nn.modules.activation.Softplus"] = (x, _) => Math.Log(1 + Math.Exp(x)),
        ["torch.nn.modules.activation.Softsign"] = (x, _) => x / (1 + Math.Abs(x)),
        ["torch.nn.modules.activation.Softshrink"] = (x, _) => x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0,
        ["torch.nn.modules.activation.Hardshrink"] = (x, _) => Math.Abs(x) > 0.5 ? x : 0,
        ["torch.nn.modules.activation.Hardtanh"] = (x, _) => Math.Clamp(x, -1, 1),
        ["torch.nn.modules.activation.Hardsigmoid"] = (x, _) => Math.Clamp(x / 6 + 0.5, 0, 1),
        ["torch.nn.modules.activation.Hardswish"] = (x, _) => x * Math.Clamp(x / 6 + 0.5, 0, 1),
        ["torch.nn.modules.activation.Softmax"] = (x, all) => Math.Exp(x) / all.Sum(Math.Exp),
        ["torch.nn.modules.activation.Softmin"] = (x, all) => Math.Exp(-x) / all.Sum(other => Math.Exp(-other)),
        ["torch.nn.modules.activation.LogSoftmax"] = (x, all) => x - Math.Log(all.Sum(Math.Exp)),
        // Code of others is not run.
        ["my_library.Activation"] = (x, _) => Math.Tanh(x),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    public void Dispose()
    {
        _pipelines.Dispose();
        _repositories.ForEach(repository => repository.Dispose());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Dense_applies_any_function_of_torch(string name)
    {
        const float Scale = 6; // so that values lie on both sides of every bend
        using var repository = new SentenceRepository("Pooling", "Dense").Write("2_Dense/config.json",
            $$"""{"in_features": 24, "out_features": 24, "bias": false, "activation_function": "{{name}}"}""");
        var weight = ("linear.weight", new[] { Width, Width }, Diagonal(Scale));
        if (name.EndsWith("PReLU", StringComparison.Ordinal))
            repository.Weights("2_Dense", weight, ("activation_function.weight", [1], [0.25f]));
        else
            repository.Weights("2_Dense", weight);
        double[] before = [.. Pooled().Select(value => (double)value * Scale)];
        AssertClose([.. before.Select(value => (float)Functions[name](value, before))], Embed(repository));
    }

    [Fact]
    public void Layers_of_tokens_are_changed_before_they_are_pooled()
    {
        using var repository = new SentenceRepository("Dense", "Pooling")
            .Write("1_Dense/config.json", """{"bias": false, "activation_function": "torch.nn.modules.linear.Identity", "module_input_name": "token_embeddings"}""")
            .Write("2_Pooling/config.json", """{"pooling_mode": "mean"}""").Weights("1_Dense", ("linear.weight", [Width, Width], Diagonal(3)));
        AssertClose([.. Pooled().Select(value => value * 3)], Embed(repository));
    }

    [Theory]
    [InlineData("""{"pooling_mode": ["mean", "cls"]}""", """{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}""")]
    public void Modes_lie_side_by_side_in_their_order(string list, string flags)
    {
        var (listed, flagged) = (Embed(Pooling(list)), Embed(Pooling(flags)));
        // A list keeps its order; flags have a fixed one.
        AssertClose([.. listed.AsSpan(Width), .. listed.AsSpan(0, Width)], flagged);
        AssertClose(Pooled(), listed.AsSpan(0, Width));
    }

    [Fact]
    public void Without_a_mode_the_mean_is_taken() =>
        AssertClose(Pooled(), Embed(Pooling("""{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": false}""")));

    [Fact]
    public void A_prompt_is_left_out_of_the_pooling_where_the_model_says_so()
    {
        var without = Pooling("""{"pooling_mode": "mean", "include_prompt": false}""");
        var with = Pooling("""{"pooling_mode": "mean"}""");
        AssertClose(Pooled(), Embed(without));
        var (left, kept) = (Embed(without, "Alice: "), Embed(with, "Alice: "));
        Assert.Contains(left.Zip(kept), pair => Math.Abs(pair.First - pair.Second) > 1e-3f);
        // The mean of all tokens is that of the prompt's and that of the others, by their numbers.
        using var pipeline = _pipelines.OpenFolder(with.Folder);
        var prompt = pipeline.Model.Tokenizer.Encode("Alice:").Count - 1; // without the token at the end
        var all = pipeline.Model.Tokenizer.Encode($"Alice: {Text}").Count;
        using var states = pipeline.Model.Session.Run(Inputs(pipeline, $"Alice: {Text}"));
        var tokens = states["token_embeddings"].AsSpan<float>().ToArray();
        var expected = Enumerable.Range(0, Width).Select(i => Enumerable.Range(prompt, all - prompt).Sum(token => tokens[token * Width + i]) / (all - prompt)).ToArray();
        AssertClose(expected, left);
    }

    [Theory]
    [InlineData("CLIPModel")]
    [InlineData("Asym")]
    [InlineData("Router")]
    [InlineData("WordEmbeddings")]
    [InlineData("BoW")]
    [InlineData("LSTM")]
    [InlineData("CNN")]
    [InlineData("WeightedLayerPooling")]
    [InlineData("WordWeights")]
    public void Modules_that_are_not_built_are_refused_by_name(string module)
    {
        using var repository = new SentenceRepository(module, "Pooling");
        var behind = Assert.Throws<UnsupportedModuleException>(() => Converter.Plan(ModelFiles.InFolder(repository.Folder), new ConversionOptions()));
        Assert.Equal(module, behind.Module);
        repository.Write("modules.json", $$"""[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.{{module}}"}]""");
        Assert.Contains(module, Assert.Throws<UnsupportedModuleException>(() => Converter.RequireSupported(ModelFiles.InFolder(repository.Folder), ["modules.json"], className: null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cross_encoder_with_a_list_of_modules_is_its_classifier()
    {
        using var repository = new SentenceRepository();
        foreach (var name in (ReadOnlySpan<string>)["config.json", "model.safetensors"])
            File.Copy(Corpus.PathOf("models", "bert-seqcls", "repo", name), Path.Combine(repository.Folder, name), overwrite: true);
        repository.Write("config_sentence_transformers.json", """{"model_type": "CrossEncoder"}""");
        Assert.Equal("text-classification", Converter.Plan(ModelFiles.InFolder(repository.Folder), new ConversionOptions()).Task);
    }

    private SentenceRepository Pooling(string config)
    {
        var repository = new SentenceRepository("Pooling");
        _repositories.Add(repository);
        return repository.Write("1_Pooling/config.json", config);
    }

    private float[] Pooled() => Embed(Pooling("""{"pooling_mode": "mean"}"""));

    private float[] Embed(SentenceRepository repository, string? prompt = null)
    {
        using var pipeline = _pipelines.OpenFolder(repository.Folder);
        var arguments = new PipelineArguments();
        if (prompt is not null)
            arguments.Set("prompt", json => json.WriteStringValue(prompt));
        return ((Features)pipeline.Run(PipelineInput.Of(Text), arguments, CancellationToken.None)).Values.AsSpan<float>().ToArray();
    }

    private static Dictionary<string, Tensor> Inputs(Pipeline pipeline, string text)
    {
        var encoding = pipeline.Model.Tokenizer.Encode(text);
        var shape = new Shape(1, encoding.Count);
        Tensor Of(ReadOnlySpan<int> values) => Tensor.Of<long>(Array.ConvertAll(values.ToArray(), value => (long)value), shape);
        return new() { ["input_ids"] = Of(encoding.Ids), ["attention_mask"] = Of(encoding.AttentionMask), ["token_type_ids"] = Of(encoding.TypeIds) };
    }

    private static float[] Diagonal(float value)
    {
        var matrix = new float[Width * Width];
        for (var i = 0; i < Width; i++)
            matrix[i * Width + i] = value;
        return matrix;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) < 2e-5f, $"{i}: {expected[i]} is expected, {actual[i]} came");
    }
}
