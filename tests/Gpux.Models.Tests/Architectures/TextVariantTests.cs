using System.Text.Json.Nodes;
using Gpux.Conversion;

namespace Gpux.Models.Tests.Architectures;

/// <summary>Configurations of text encoders that no recording has, judged by another spelling of the same model or by the sum itself.</summary>
public sealed class TextVariantTests
{
    private static readonly (string, Tensor)[] Text = [("input_ids", Ids(5, 9, 12, 7, 30, 6))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Xmod_without_effect_of_its_adapters_is_RoBERTa(bool normalizesBefore)
    {
        using var roberta = new VariantRepository("roberta-model").With("architectures", null);
        using var xmod = new VariantRepository("roberta-model").With("architectures", null).With("model_type", "xmod").With("adapter_reuse_layer_norm", false)
            .With("pre_norm", normalizesBefore);
        AddAdapter(xmod, "en_XX", bias: 0);
        var className = "RobertaModel";
        if (normalizesBefore)
        {
            className = "RobertaPreLayerNormModel";
            var norm = (Weight: Row(xmod.Int("hidden_size"), i => 1 + 0.1f * i), Bias: Row(xmod.Int("hidden_size"), i => 0.01f * i));
            xmod.WithTensor("encoder.LayerNorm.weight", norm.Weight).WithTensor("encoder.LayerNorm.bias", norm.Bias);
            roberta.With("model_type", "roberta-prelayernorm").WithTensor("LayerNorm.weight", norm.Weight).WithTensor("LayerNorm.bias", norm.Bias).Rename(name => name
                .Replace("attention.output.LayerNorm", "attention.LayerNorm", StringComparison.Ordinal).Replace(".output.LayerNorm", ".intermediate.LayerNorm", StringComparison.Ordinal));
        }
        AssertClose(roberta.Run(className, Text)["last_hidden_state"], xmod.Run("XmodModel", Text)["last_hidden_state"]);
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Xmod_reads_each_row_by_the_adapter_of_its_language(bool reusesNorm, bool hasNorm, bool normsBefore)
    {
        string[] languages = ["en_XX", "de_DE", "ja_XX"];
        float[][] alone = [.. languages.Select(language => Make(language).Run("XmodModel", ("input_ids", Ids(5, 9, 12, 7)))["last_hidden_state"])];
        var both = Tensor.Of<long>([5, 9, 12, 7, 5, 9, 12, 7, 5, 9, 12, 7], new Shape(3, 4));
        var together = Make(null).Run("XmodModel", ("input_ids", both), ("lang_ids", Tensor.Of<long>([2, 0, -1], new Shape(3))))["last_hidden_state"];
        AssertClose([.. alone[2], .. alone[0], .. alone[1]], together); // the default is the second
        Assert.NotEqual(alone[0], alone[1]);

        VariantRepository Make(string? only)
        {
            var xmod = new VariantRepository("roberta-model").With("architectures", null).With("model_type", "xmod").With("adapter_reuse_layer_norm", reusesNorm)
                .With("adapter_layer_norm", hasNorm).With("ln_before_adapter", normsBefore)
                .With("languages", only is null ? new JsonArray("en_XX", "de_DE", "ja_XX") : new JsonArray(only)).With("default_language", only ?? "de_DE");
            for (var i = 0; i < languages.Length; i++)
                if (only is null || only == languages[i])
                    AddAdapter(xmod, languages[i], bias: 0.1f * (i + 1));
            for (var i = 0; hasNorm && i < xmod.Int("num_hidden_layers"); i++)
                xmod.WithTensor($"encoder.layer.{i}.output.adapter_layer_norm.weight", Row(xmod.Int("hidden_size"), j => 1 + 0.05f * j))
                    .WithTensor($"encoder.layer.{i}.output.adapter_layer_norm.bias", Row(xmod.Int("hidden_size"), j => 0.02f * j));
            return xmod;
        }
    }

    [Fact]
    public void Xmod_of_an_unknown_default_language_is_refused()
    {
        using var xmod = new VariantRepository("roberta-model").With("architectures", null).With("model_type", "xmod").With("default_language", "fr_XX");
        Assert.Throws<InvalidConfigException>(() => xmod.Plan("XmodModel"));
    }

    [Fact]
    public void Published_gte_is_the_librarys()
    {
        const double Factor = 8;
        using var library = new VariantRepository("gte-model");
        var size = library.Int("hidden_size") / library.Int("num_attention_heads");
        library.With("rope_parameters", new JsonObject { ["rope_type"] = "linear", ["factor"] = Math.Pow(Factor, 2.0 / size), ["rope_theta"] = 500 * Factor });
        using var published = new VariantRepository("gte-model").With("model_type", "new").With("architectures", new JsonArray("NewModel")).With("rope_parameters", null)
            .With("rope_theta", 500).With("rope_scaling", new JsonObject { ["type"] = "ntk", ["factor"] = Factor }).With("position_embedding_type", "rope");
        var expected = library.Run(null, Text)["last_hidden_state"];
        AssertClose(expected, published.Run(null, Text)["last_hidden_state"]);
        Assert.NotEqual(expected, library.With("rope_parameters", new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 500 * Factor }).Run(null, Text)["last_hidden_state"]);
        Assert.ThrowsAny<GpuxException>(() => published.With("position_embedding_type", "absolute").Plan());
    }

    [Fact]
    public void Stretched_positions_lie_as_far_apart_as_the_factor_says()
    {
        using var model = new VariantRepository("gte-model").With("rope_parameters", new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 100 });
        var width = model.Int("hidden_size");
        // With a token between them that is not seen, and with none.
        var apart = model.Run(null, ("input_ids", Ids(5, 9, 7)), ("attention_mask", Ids(1, 0, 1)))["last_hidden_state"];
        var stretched = model.With("rope_parameters", new JsonObject { ["rope_type"] = "linear", ["factor"] = 0.5, ["rope_theta"] = 100 })
            .Run(null, ("input_ids", Ids(5, 7)))["last_hidden_state"];
        AssertClose([.. apart[..width], .. apart[(2 * width)..]], stretched);
    }

    // By the definitions of transformers 5.9, activations.py.
    private static readonly Dictionary<string, Func<double, double>> Activations = new()
    {
        ["gelu_10"] = x => Math.Clamp(x * 0.5 * (1 + Erf(x / Math.Sqrt(2))), -10, 10),
        ["quick_gelu"] = x => x / (1 + Math.Exp(-1.702 * x)),
        ["relu2"] = x => Math.Pow(Math.Max(x, 0), 2),
        ["hardswish"] = x => x * Math.Clamp(x + 3, 0, 6) / 6,
        ["leaky_relu"] = x => x > 0 ? x : 0.01 * x,
        ["mish"] = x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        ["sqrtsoftplus"] = x => Math.Sqrt(Math.Log(1 + Math.Exp(x))),
        ["laplace"] = x => 0.5 * (1 + Erf((x - 0.707107) / (0.282095 * Math.Sqrt(2)))),
    };

    public static TheoryData<string> ActivationNames => [.. Activations.Keys];

    [Theory]
    [MemberData(nameof(ActivationNames))]
    public void Activations_are_those_of_the_library(string name)
    {
        // Without layers, so that the head alone has one.
        using var model = new VariantRepository("electra-pretraining").With("num_hidden_layers", 0).With("hidden_act", name).Without("electra.encoder");
        var width = model.Int("hidden_size");
        var (dense, last) = (Table(width, width, seed: 13), Table(1, width, seed: 14));
        model.WithTensor("discriminator_predictions.dense.weight", dense).WithTensor("discriminator_predictions.dense.bias", Row(width, i => 0.1f * i - 1))
            .WithTensor("discriminator_predictions.dense_prediction.weight", last).WithTensor("discriminator_predictions.dense_prediction.bias", Row(1, _ => 0));
        var states = model.Run("ElectraModel", Text)["last_hidden_state"];
        var expected = new float[6];
        for (var token = 0; token < 6; token++)
            for (var i = 0; i < width; i++)
                expected[token] += last.AsSpan<float>()[i] * (float)Activations[name](Product(states, token * width, width, dense, i) + 0.1f * i - 1);
        AssertClose(expected, model.Run(null, Text)["logits"]);
    }

    // By its Taylor series, which is exact enough for small numbers.
    private static double Erf(double x)
    {
        var (sum, term) = (x, x);
        for (var n = 1; n < 200; n++)
            sum += (term *= -x * x / n) / (2 * n + 1);
        return Math.Abs(x) > 5 ? Math.Sign(x) : 2 / Math.Sqrt(Math.PI) * sum;
    }

    [Fact]
    public void Configurations_that_state_no_family_are_the_first_of_BERT()
    {
        using var model = new VariantRepository("bert-mlm-untied");
        var expected = model.Run("BertModel", Text)["last_hidden_state"];
        model.With("model_type", null).With("architectures", null);
        Assert.Equal("BertModel", model.Plan().ClassName);
        AssertClose(expected, model.Run(null, Text)["last_hidden_state"]);
        using var other = new VariantRepository("roberta-mlm").With("model_type", null).With("architectures", null);
        Assert.ThrowsAny<GpuxException>(() => other.Plan()); // its tensors are not BERT's
    }

    [Fact]
    public void EuroBert_scores_tokens_with_the_bias_that_mlp_bias_gives_the_head()
    {
        using var model = new VariantRepository("eurobert-mlm");
        var expected = model.Run(null, Text)["logits"];
        var bias = Row(model.Int("vocab_size"), i => 0.1f * i);
        for (var i = 0; i < expected.Length; i++)
            expected[i] += bias.AsSpan<float>()[i % bias.AsSpan<float>().Length];
        AssertClose(expected, model.WithTensor("lm_head.bias", bias).Run(null, Text)["logits"]);
    }

    [Fact]
    public void NomicBert_takes_the_size_of_heads_that_is_stated()
    {
        using var model = new VariantRepository("nomic-bert-model");
        var (width, size) = (model.Int("hidden_size"), model.Int("hidden_size") / model.Int("num_attention_heads"));
        var expected = model.Run(null, Text)["last_hidden_state"];
        // As many heads more, all zeros: heads of the same size that add nothing.
        for (var i = 0; i < model.Int("num_hidden_layers"); i++)
        {
            var (qkv, output) = (model[$"encoder.layers.{i}.attn.Wqkv.weight"], model[$"encoder.layers.{i}.attn.out_proj.weight"]);
            var wider = Tensor.Zeros(ElementType.Float32, new Shape(6 * width, width));
            for (var part = 0; part < 3; part++)
                qkv.AsSpan<float>().Slice(part * width * width, width * width).CopyTo(wider.AsSpan<float>()[(2 * part * width * width)..]);
            var longer = Tensor.Zeros(ElementType.Float32, new Shape(width, 2 * width));
            for (var row = 0; row < width; row++)
                output.AsSpan<float>().Slice(row * width, width).CopyTo(longer.AsSpan<float>()[(2 * row * width)..]);
            model.WithTensor($"encoder.layers.{i}.attn.Wqkv.weight", wider).WithTensor($"encoder.layers.{i}.attn.out_proj.weight", longer);
        }
        AssertClose(expected, model.With("num_attention_heads", 2 * model.Int("num_attention_heads")).With("head_dim", size).Run(null, Text)["last_hidden_state"]);
    }

    [Fact]
    public void MobileBert_transforms_embeddings_only_where_they_are_of_another_width()
    {
        using var model = new VariantRepository("mobilebert-model").With("trigram_input", false);
        var (vocabulary, width) = (model.Int("vocab_size"), model.Int("hidden_size"));
        model.With("embedding_size", width).WithTensor("embeddings.word_embeddings.weight", Table(vocabulary, width, seed: 1))
            .WithTensor("embeddings.embedding_transformation.weight", Table(width, width, seed: 2)).WithTensor("embeddings.embedding_transformation.bias", Row(width, i => i));
        var present = model.Run(null, Text)["last_hidden_state"];
        AssertClose(model.Without("embeddings.embedding_transformation").Run(null, Text)["last_hidden_state"], present);
    }

    [Fact]
    public void Summary_of_a_text_needs_no_activation_and_no_index()
    {
        (string, Tensor)[] choices = [("input_ids", Tensor.Of<long>([5, 9, 12, 7, 30, 6], new Shape(1, 2, 3)))];
        using var model = new VariantRepository("electra-mc");
        var byDefault = model.Run(null, choices)["logits"];
        var linear = model.With("summary_activation", "linear").Run(null, choices)["logits"];
        Assert.NotEqual(byDefault, linear);
        AssertClose(linear, model.WithNull("summary_activation").Run(null, choices)["logits"]);
        AssertClose(model.With("summary_type", "last").Run(null, choices)["logits"], model.With("summary_type", "cls_index").Run(null, choices)["logits"]);
    }

    [Fact]
    public void ModernBert_chooses_by_the_first_token_that_is_no_padding()
    {
        using var model = new VariantRepository("modernbert-seqcls").With("classifier_pooling", "cls");
        model.WithTensor("classifier.weight", Table(1, model.Int("hidden_size"), seed: 3)).WithTensor("classifier.bias", Row(1, _ => 0.5f));
        var expected = model.Run("ModernBertForMultipleChoice", ("input_ids", Tensor.Of<long>([5, 9, 12], new Shape(1, 1, 3))))["logits"];
        AssertClose(expected, model.Run("ModernBertForMultipleChoice", ("input_ids", Tensor.Of<long>([0, 0, 5, 9, 12], new Shape(1, 1, 5))),
            ("attention_mask", Tensor.Of<long>([0, 0, 1, 1, 1], new Shape(1, 1, 5))))["logits"]);
    }

    [Fact]
    public void Longformer_chooses_with_the_answer_seen_by_all()
    {
        using var model = new VariantRepository("longformer-model").With("architectures", null).With("sep_token_id", 2);
        var width = model.Int("hidden_size");
        model.WithTensor("classifier.weight", Table(1, width, seed: 4)).WithTensor("classifier.bias", Row(1, _ => 0.25f));
        long[] ids = [0, 9, 2, 2, 12, 7, 2]; // the answer begins behind the second separator
        var pooled = model.Run("LongformerModel", ("input_ids", Tensor.Of(ids, new Shape(1, 7))),
            ("global_attention_mask", Tensor.Of<long>([0, 0, 0, 0, 1, 1, 1], new Shape(1, 7))))["pooler_output"];
        var logits = model.Run("LongformerForMultipleChoice", ("input_ids", Tensor.Of(ids, new Shape(1, 1, 7))))["logits"];
        AssertClose([Product(pooled, 0, width, model["classifier.weight"], 0) + 0.25f], logits);
    }

    [Fact]
    public void BigBird_tells_the_answers_text_from_the_question_where_no_types_do()
    {
        using var model = new VariantRepository("big-bird-model").With("architectures", null).With("sep_token_id", 2);
        var (width, inner) = (model.Int("hidden_size"), model.Int("intermediate_size"));
        model.WithTensor("qa_classifier.intermediate.dense.weight", Table(inner, width, seed: 10)).WithTensor("qa_classifier.intermediate.dense.bias", Row(inner, _ => 0.1f))
            .WithTensor("qa_classifier.output.dense.weight", Table(width, inner, seed: 11)).WithTensor("qa_classifier.output.dense.bias", Row(width, _ => 0.2f))
            .WithTensor("qa_classifier.output.LayerNorm.weight", Row(width, _ => 1)).WithTensor("qa_classifier.output.LayerNorm.bias", Row(width, _ => 0))
            .WithTensor("qa_classifier.qa_outputs.weight", Table(2, width, seed: 12)).WithTensor("qa_classifier.qa_outputs.bias", Row(2, _ => 0));
        (string, Tensor)[] text = [("input_ids", Ids(5, 9, 2, 7, 30, 2))];
        var leftOut = model.Run("BigBirdForQuestionAnswering", text)["start_logits"];
        AssertClose(model.Run("BigBirdForQuestionAnswering", [.. text, ("token_type_ids", Ids(0, 0, 0, 1, 1, 1))])["start_logits"], leftOut);
        Assert.NotEqual(model.Run("BigBirdForQuestionAnswering", [.. text, ("token_type_ids", Ids(0, 1, 0, 1, 0, 1))])["start_logits"], leftOut);
    }

    [Fact]
    public void Xlm_without_languages_adds_none()
    {
        using var model = new VariantRepository("xlm-model");
        var (languages, width) = (model.Int("n_langs"), model.Int("emb_dim"));
        Assert.True(languages > 1);
        var leftOut = model.Run("XLMModel", Text)["last_hidden_state"];
        Assert.NotEqual(model.Run("XLMModel", [.. Text, ("langs", Ids(0, 0, 0, 0, 0, 0))])["last_hidden_state"], leftOut);
        var table = model["lang_embeddings.weight"];
        model.WithTensor("lang_embeddings.weight", Tensor.Zeros(ElementType.Float32, table.Shape));
        AssertClose(model.Run("XLMModel", [.. Text, ("langs", Ids(0, 0, 0, 0, 0, 0))])["last_hidden_state"], leftOut);
    }

    [Fact]
    public void MarkupLM_without_paths_takes_those_of_padding()
    {
        using var model = new VariantRepository("markuplm-tokcls").With("tag_pad_id", 3).With("subs_pad_id", 4);
        var depth = model.Int("max_depth");
        Tensor Paths(long step) => Tensor.Of<long>([.. Enumerable.Repeat(step, 6 * depth)], new Shape(1, 6, depth));
        AssertClose(model.Run(null, [.. Text, ("xpath_tags_seq", Paths(3)), ("xpath_subs_seq", Paths(4))])["logits"], model.Run(null, Text)["logits"]);
    }

    [Fact]
    public void Luke_sees_entities_whose_mask_is_left_out()
    {
        using var model = new VariantRepository("luke-model");
        (string, Tensor)[] inputs = [.. Text, ("entity_ids", Ids(1, 2)), ("entity_position_ids", Tensor.Of<long>([1, 2, 3, -1], new Shape(1, 2, 2)))];
        AssertClose(model.Run("LukeModel", [.. inputs, ("entity_attention_mask", Ids(1, 1)), ("entity_token_type_ids", Ids(0, 0))])["last_hidden_state"],
            model.Run("LukeModel", inputs)["last_hidden_state"]);
    }

    [Fact]
    public void Luke_classifies_spans_by_their_ends_and_the_entity()
    {
        using var model = new VariantRepository("luke-model").With("architectures", null);
        var width = model.Int("hidden_size");
        model.WithTensor("classifier.weight", Table(4, 3 * width, seed: 5)).WithTensor("classifier.bias", Row(4, i => i));
        (string, Tensor)[] inputs =
        [
            .. Text, ("entity_ids", Tensor.Of<long>([1, 2], new Shape(1, 2))), ("entity_attention_mask", Tensor.Of<long>([1, 1], new Shape(1, 2))),
            ("entity_position_ids", Tensor.Of<long>([1, 2, 3, -1], new Shape(1, 2, 2))), ("entity_token_type_ids", Tensor.Zeros(ElementType.Int64, new Shape(1, 2))),
        ];
        var states = model.Run("LukeModel", inputs);
        var (words, entities) = (states["last_hidden_state"], states["entity_last_hidden_state"]);
        var logits = model.Run("LukeForEntitySpanClassification",
            [.. inputs, ("entity_start_positions", Tensor.Of<long>([1, 3], new Shape(1, 2))), ("entity_end_positions", Tensor.Of<long>([2, 5], new Shape(1, 2)))])["logits"];
        var expected = new float[8];
        foreach (var (entity, (start, end)) in new[] { (0, (1, 2)), (1, (3, 5)) })
        {
            float[] features = [.. words[(start * width)..((start + 1) * width)], .. words[(end * width)..((end + 1) * width)], .. entities[(entity * width)..((entity + 1) * width)]];
            for (var label = 0; label < 4; label++)
                expected[entity * 4 + label] = Product(features, 0, 3 * width, model["classifier.weight"], label) + label;
        }
        AssertClose(expected, logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Bros_links_tokens_and_finds_what_goes_on_from_them(int relations)
    {
        using var model = new VariantRepository("bros-tokcls").With("n_relations", relations);
        var (width, classifier) = (model.Int("hidden_size"), model["classifier.weight"]);
        model.Without("classifier");
        foreach (var head in (string[])["entity_linker", "subsequent_token_classifier"])
            model.WithTensor($"{head}.query.weight", Table(relations * width, width, seed: 6)).WithTensor($"{head}.query.bias", Row(relations * width, i => 0.01f * i))
                .WithTensor($"{head}.key.weight", Table(relations * width, width, seed: 7)).WithTensor($"{head}.key.bias", Row(relations * width, i => 0.02f * i))
                .WithTensor($"{head}.dummy_node", Table(1, width, seed: 8));
        model.WithTensor("initial_token_classifier.1.weight", Table(width, width, seed: 9)).WithTensor("initial_token_classifier.1.bias", Row(width, i => i))
            .WithTensor("initial_token_classifier.3.weight", classifier).WithTensor("initial_token_classifier.3.bias", Row((int)classifier.Shape[0], i => i));
        (string, Tensor)[] inputs =
        [
            ("input_ids", Ids(5, 9, 12)), ("attention_mask", Tensor.Of<long>([1, 1, 0], new Shape(1, 3))),
            ("bbox", Tensor.Of<float>([0.1f, 0.2f, 0.3f, 0.4f, 0.2f, 0.2f, 0.5f, 0.6f, 0, 0, 0, 0], new Shape(1, 3, 4))),
        ];
        var states = model.Run("BrosModel", inputs)["last_hidden_state"];
        float[] keyed = [.. states, .. model["entity_linker.dummy_node"].AsSpan<float>()];
        var expected = new float[relations * 3 * 4];
        for (var relation = 0; relation < relations; relation++)
            for (var token = 0; token < 3; token++)
                for (var other = 0; other < 4; other++)
                    for (var i = 0; i < width; i++)
                        expected[(relation * 3 + token) * 4 + other] += Side(states, token, "query", relation * width + i, 0.01f) * Side(keyed, other, "key", relation * width + i, 0.02f);
        AssertClose(expected, model.Run("BrosSpadeELForTokenClassification", inputs)["logits"]);

        for (var i = 0; i < expected.Length; i++)
            if (i % 4 == 2 || i / 4 % 3 == i % 4) // the padding, and the token itself
                expected[i] = float.MinValue;
        var found = model.Run("BrosSpadeEEForTokenClassification", inputs);
        AssertClose(expected, found["subsequent_token_logits"]);
        var inner = new float[width];
        for (var i = 0; i < width; i++)
            inner[i] = Product(states, width, width, model["initial_token_classifier.1.weight"], i) + i;
        AssertClose([.. Enumerable.Range(0, (int)classifier.Shape[0]).Select(label => Product(inner, 0, width, classifier, label) + label)],
            found["initial_token_logits"].AsSpan((int)classifier.Shape[0], (int)classifier.Shape[0]).ToArray());

        float Side(float[] rows, int row, string side, int column, float bias) =>
            Product(rows, row * width, width, model[$"entity_linker.{side}.weight"], column) + bias * column;
    }

    // Narrower by half, and of the same numbers for a language wherever it is.
    private static void AddAdapter(VariantRepository model, string language, float bias)
    {
        var (width, narrow, seed) = (model.Int("hidden_size"), model.Int("hidden_size") / 2, language[0]);
        for (var i = 0; i < model.Int("num_hidden_layers"); i++)
        {
            var adapter = $"encoder.layer.{i}.output.adapter_modules.{language}";
            model.WithTensor($"{adapter}.dense1.weight", Table(narrow, width, seed)).WithTensor($"{adapter}.dense1.bias", Row(narrow, j => bias * j))
                .WithTensor($"{adapter}.dense2.weight", bias == 0 ? Tensor.Zeros(ElementType.Float32, new Shape(width, narrow)) : Table(width, narrow, seed + i))
                .WithTensor($"{adapter}.dense2.bias", Row(width, _ => bias));
        }
    }

    private static float Product(float[] rows, int start, int width, Tensor matrix, int row)
    {
        var sum = 0f;
        for (var i = 0; i < width; i++)
            sum += rows[start + i] * matrix.AsSpan<float>()[row * width + i];
        return sum;
    }

    private static Tensor Ids(params long[] ids) => Tensor.Of(ids, new Shape(1, ids.Length));

    private static Tensor Row(int count, Func<int, float> value) => Tensor.Of<float>([.. Enumerable.Range(0, count).Select(value)], new Shape(count));

    private static Tensor Table(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        return Tensor.Of<float>([.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f)], new Shape(rows, columns));
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(expected[i] == actual[i] || MathF.Abs(expected[i] - actual[i]) <= 2e-5f + 2e-5f * MathF.Abs(expected[i]), $"[{i}]: {expected[i]} was expected, not {actual[i]}");
    }
}
