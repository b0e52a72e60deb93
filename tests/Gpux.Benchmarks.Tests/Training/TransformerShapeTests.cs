using System.Text;
using Gpux.Benchmarks.Training;

namespace Gpux.Benchmarks.Tests.Training;

public sealed class TransformerShapeTests
{
    [Theory]
    [InlineData(24, 2304, 24, 1.7)]
    [InlineData(30, 3072, 32, 3.6)]
    [InlineData(36, 4096, 32, 7.5)]
    [InlineData(40, 6144, 48, 18.4)]
    [InlineData(48, 8192, 64, 39.1)]
    [InlineData(60, 10240, 80, 76.1)]
    [InlineData(80, 12288, 96, 145.6)]
    [InlineData(96, 16384, 128, 310.1)]
    [InlineData(105, 20480, 128, 529.6)]
    [InlineData(128, 25600, 160, 1008.0)]
    public void Parameters_are_those_of_Megatron_table_1(int layers, int hiddenSize, int heads, double billions)
    {
        var shape = PublishedModels.Megatron(layers, hiddenSize, heads);
        Assert.Equal(billions, Math.Round(shape.Parameters / 1e9, 1));
        // P = 12 L h² (1 + 13/(12h) + (v + s)/(12Lh)), and the last norm, which the formula leaves out.
        var (l, h) = ((double)layers, (double)hiddenSize);
        var formula = 12 * l * h * h * (1 + 13 / (12 * h) + (PublishedModels.Vocabulary + PublishedModels.Sequence) / (12 * l * h));
        Assert.Equal(formula + 2 * h, shape.Parameters, 1e-12 * formula);
    }

    // What transformers counts of the published models.
    [Theory]
    [InlineData("""{"model_type":"gpt2"}""", 124_439_808)]
    [InlineData("""{"model_type":"llama","hidden_size":4096,"intermediate_size":11008,"num_hidden_layers":32,"num_attention_heads":32,"vocab_size":32000,"tie_word_embeddings":false}""", 6_738_415_616)]
    [InlineData("""{"model_type":"llama","hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256}""", 8_030_261_248)]
    [InlineData("""{"model_type":"llama","hidden_size":8192,"intermediate_size":28672,"num_hidden_layers":80,"num_attention_heads":64,"num_key_value_heads":8,"vocab_size":128256}""", 70_553_706_496)]
    [InlineData("""{"model_type":"llama","hidden_size":16384,"intermediate_size":53248,"num_hidden_layers":126,"num_attention_heads":128,"num_key_value_heads":8,"vocab_size":128256}""", 405_853_388_800)]
    [InlineData("""{"model_type":"mixtral","hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":32000,"num_local_experts":8,"num_experts_per_tok":2}""", 46_702_792_704)]
    [InlineData("""{"model_type":"qwen2","hidden_size":3584,"intermediate_size":18944,"num_hidden_layers":28,"num_attention_heads":28,"num_key_value_heads":4,"vocab_size":152064,"tie_word_embeddings":false}""", 7_615_616_512)]
    [InlineData("""{"model_type":"qwen2_moe","hidden_size":2048,"intermediate_size":5632,"num_hidden_layers":24,"num_attention_heads":16,"num_key_value_heads":16,"vocab_size":151936,"num_experts":60,"num_experts_per_tok":4,"moe_intermediate_size":1408,"shared_expert_intermediate_size":5632}""", 14_315_784_192)]
    [InlineData("""{"model_type":"qwen3","hidden_size":1024,"intermediate_size":3072,"num_hidden_layers":28,"num_attention_heads":16,"num_key_value_heads":8,"head_dim":128,"vocab_size":151936,"tie_word_embeddings":true}""", 596_049_920)]
    [InlineData("""{"model_type":"qwen3_moe","hidden_size":2048,"intermediate_size":6144,"num_hidden_layers":48,"num_attention_heads":32,"num_key_value_heads":4,"head_dim":128,"vocab_size":151936,"num_experts":128,"num_experts_per_tok":8,"moe_intermediate_size":768}""", 30_532_122_624)]
    [InlineData("""{"model_type":"gpt_neox","hidden_size":4096,"intermediate_size":16384,"num_hidden_layers":32,"num_attention_heads":32,"vocab_size":50432}""", 6_857_302_016)]
    [InlineData("""{"model_type":"gemma","hidden_size":2048,"intermediate_size":16384,"num_hidden_layers":18,"num_attention_heads":8,"num_key_value_heads":1,"head_dim":256,"vocab_size":256000}""", 2_506_172_416)]
    [InlineData("""{"model_type":"phi3","hidden_size":3072,"intermediate_size":8192,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":32,"vocab_size":32064}""", 3_821_079_552)]
    [InlineData("""{"model_type":"opt","hidden_size":768,"ffn_dim":3072,"num_hidden_layers":12,"num_attention_heads":12,"vocab_size":50272,"word_embed_proj_dim":768}""", 125_239_296)]
    [InlineData("""{"model_type":"bert","architectures":["BertModel"]}""", 109_482_240)]
    [InlineData("""{"model_type":"bert","architectures":["BertForMaskedLM"]}""", 109_514_298)]
    [InlineData("""{"model_type":"roberta","vocab_size":50265,"max_position_embeddings":514,"type_vocab_size":1,"architectures":["RobertaModel"]}""", 124_645_632)]
    [InlineData("""{"model_type":"vit","architectures":["ViTModel"]}""", 86_389_248)]
    public void Parameters_of_a_configuration_are_those_of_the_model(string config, double parameters) =>
        Assert.Equal(parameters, TrainingModel.OfConfig("a model", Encoding.UTF8.GetBytes(config)).Parameters);

    [Fact]
    public void Of_a_mixture_of_experts_one_token_passes_few()
    {
        var mixtral = TrainingModel.OfConfig("mixtral", Encoding.UTF8.GetBytes(
            """{"model_type":"mixtral","hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":32000,"num_local_experts":8,"num_experts_per_tok":2}"""));
        Assert.Equal(12.9, Math.Round(mixtral.ActiveParameters / 1e9, 1)); // arXiv:2401.04088: 13B
    }

    [Theory]
    [InlineData("[]", "holds an object")]
    [InlineData("{", "not JSON")]
    [InlineData("{}", "the family ''")]
    [InlineData("""{"model_type":"mamba","hidden_size":768}""", "the family 'mamba'")]
    [InlineData("""{"model_type":"llama"}""", "lacks 'intermediate_size'")]
    [InlineData("""{"model_type":"gpt2","n_embd":"wide"}""", "'n_embd'")]
    [InlineData("""{"model_type":"gpt2","n_embd":-5}""", "'n_embd'")]
    [InlineData("""{"model_type":"gpt2","n_layer":1e99}""", "'n_layer'")]
    [InlineData("""{"model_type":"vit","patch_size":0}""", "patches of 0")]
    [InlineData("""{"model_type":"vit","image_size":2000000000,"patch_size":1}""", "no image")]
    public void A_configuration_that_tells_too_little_is_refused(string config, string expected) =>
        Assert.Contains(expected, Assert.Throws<UnknownTrainingModelException>(() => TrainingModel.OfConfig("a model", Encoding.UTF8.GetBytes(config))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"model_type":"gpt2","n_embd":2000000000}""")]
    [InlineData("""{"model_type":"gpt2","n_layer":0}""")]
    [InlineData("""{"model_type":"gpt2","n_head":0}""")]
    [InlineData("""{"model_type":"llama","hidden_size":64,"intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":3,"vocab_size":10}""")]
    [InlineData("""{"model_type":"mixtral","hidden_size":64,"intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":4,"vocab_size":10,"num_local_experts":4,"num_experts_per_tok":9}""")]
    [InlineData("""{"model_type":"gpt2","n_embd":1000000,"n_layer":100000}""")]
    public void A_configuration_of_absurd_sizes_is_refused(string config) =>
        Assert.Throws<TrainingInputException>(() => TrainingModel.OfConfig("a model", Encoding.UTF8.GetBytes(config)));

    [Theory]
    [InlineData(125e6)]
    [InlineData(7e9)]
    [InlineData(70e9)]
    [InlineData(1e12)]
    public void A_shape_that_is_guessed_has_about_the_size(double parameters)
    {
        var model = TrainingModel.OfSize(parameters);
        Assert.Equal(parameters, model.Parameters);
        Assert.InRange(model.Shape.LayerParameters / parameters, 0.7, 1.3);
        Assert.Single(model.Notes);
    }
}
