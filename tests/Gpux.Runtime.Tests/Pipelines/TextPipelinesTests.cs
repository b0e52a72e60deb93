using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class TextPipelinesTests
{
    private const string Labels = """{"id2label": {"0": "bad", "1": "good", "2": "other"}}""";

    [Fact]
    public void Classification_gives_the_best_class_as_the_original_shapes_it()
    {
        using var model = LookupModel.OfTexts(token => token == "alice" ? [0, 200, 0] : [0, 0, 0], Labels);
        Assert.Equal("""[{"label":"good","score":1}]""", model.Json("text-classification", PipelineInput.Of("alice")));
        Assert.Equal("""[{"label":"good","score":1},{"label":"bad","score":0}]""", model.Json("text-classification", PipelineInput.Of("alice"), """{"top_k": 2}"""));
        Assert.Equal(3, ((LabelScores)model.Run("sentiment-analysis", PipelineInput.Of("alice"), """{"top_k": null}""")).Labels.Count);
        // A text and its pair are handed over as an object, and answered by one.
        Assert.Equal("""{"label":"good","score":1}""", model.Json("text-classification", new PipelineInput { Text = "alice", Pair = "bob" }));
        Assert.Equal("""[{"label":"good","score":1}]""", model.Json("text-classification", new PipelineInput { Text = "alice", Pair = "bob" }, """{"top_k": 1}"""));
    }

    [Theory]
    [InlineData("{}", 1, 0.7310586f)]
    [InlineData("""{"problem_type": "regression"}""", 1, 1f)]
    [InlineData("""{"problem_type": "multi_label_classification"}""", 2, 0.7310586f)]
    [InlineData("""{"problem_type": "single_label_classification"}""", 2, 0.5f)]
    [InlineData("""{"problem_type": null}""", 2, 0.5f)]
    public void Problem_decides_the_function(string config, int classes, float expected)
    {
        using var model = LookupModel.OfTexts(token => Enumerable.Repeat(token == "alice" ? 1f : 0, classes).ToArray(), config);
        var best = ((LabelScores)model.Run("text-classification", PipelineInput.Of("alice"))).Labels[0];
        Assert.Equal("LABEL_0", best.Label);
        Assert.Equal(expected, best.Score, 1e-6f);
    }

    [Theory]
    [InlineData("NONE", 2f)]
    [InlineData("none", 2f)]
    [InlineData("Sigmoid", 0.880797f)]
    public void Function_may_be_written_in_any_case(string function, float expected)
    {
        using var model = LookupModel.OfTexts(token => token == "alice" ? [0, 2] : [0, 0]);
        var best = ((LabelScores)model.Run("text-classification", PipelineInput.Of("alice"), $$"""{"function_to_apply": "{{function}}"}""")).Labels[0];
        Assert.Equal(expected, best.Score, 1e-6f);
    }

    [Fact]
    public void Long_text_is_cut_with_a_note_or_refused()
    {
        using var model = LookupModel.OfTexts(token => token == "bob" ? [0, 9] : [0, 0], maxLength: 6);
        var text = "alice alice alice alice bob";
        var cut = (LabelScores)model.Run("text-classification", PipelineInput.Of(text));
        Assert.Equal(0.5f, cut.Labels[0].Score);
        Assert.Contains("6 tokens", Assert.Single(cut.Notes));
        var refusal = Assert.Throws<InputTooLongException>(() => model.Run("text-classification", PipelineInput.Of(text), strict: true));
        Assert.Equal((ErrorCode.InputTooLong, 6), (refusal.Code, refusal.Limit));
        Assert.Empty(model.Run("text-classification", PipelineInput.Of("alice bob"), strict: true).Notes);
    }

    [Fact]
    public void Positions_of_roberta_begin_behind_its_padding_token()
    {
        using var model = LookupModel.OfTexts(_ => [0, 1], """{"model_type": "roberta", "max_position_embeddings": 10, "pad_token_id": 1}""");
        Assert.Equal(8, model.Model.MaxTokens);
        using var bert = LookupModel.OfTexts(_ => [0, 1], """{"model_type": "bert", "max_position_embeddings": 10, "pad_token_id": 1}""");
        Assert.Equal(10, bert.Model.MaxTokens);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Output_that_is_no_number_is_named(float value)
    {
        using var model = LookupModel.OfTexts(token => token == "bob" ? [0, value] : [0, 1]);
        Assert.NotEmpty(((LabelScores)model.Run("text-classification", PipelineInput.Of("alice"))).Labels);
        var error = Assert.Throws<NonFiniteOutputException>(() => model.Run("text-classification", PipelineInput.Of("bob")));
        Assert.Equal((ErrorCode.NonFiniteOutput, "logits"), (error.Code, error.Output));
        Assert.Contains("lookup", error.Message);
    }

    [Fact]
    public void Mask_is_filled_by_the_likeliest_token()
    {
        using var model = Filler();
        Assert.Equal("""[{"score":1,"token":8,"token_str":"paris","sequence":"alice lives in paris."}]""",
            model.Json("fill-mask", PipelineInput.Of("alice lives in [MASK] ."), """{"top_k": 1}"""));
    }

    [Fact]
    public void Several_masks_have_a_list_each_and_show_special_tokens()
    {
        using var model = Filler();
        var fills = (MaskFills)model.Run("fill-mask", PipelineInput.Of("[MASK] in [MASK]"), """{"top_k": 2}""");
        Assert.Equal(["[CLS] paris in [MASK] [SEP]", "[CLS] [MASK] in paris [SEP]"], fills.Masks.Select(mask => mask[0].Sequence));
        Assert.All(fills.Masks, mask => Assert.Equal(2, mask.Count));
        Assert.StartsWith("[[{", LookupModel.Written(fills));
    }

    [Fact]
    public void Targets_bound_the_candidates()
    {
        using var model = Filler();
        var fills = (MaskFills)model.Run("fill-mask", PipelineInput.Of("in [MASK]"), """{"targets": ["bob", "alice", "bob"]}""");
        Assert.Equal(["bob", "alice"], Assert.Single(fills.Masks).Select(fill => fill.TokenText));
        Assert.Empty(fills.Notes);
        var pieces = (MaskFills)model.Run("fill-mask", PipelineInput.Of("in [MASK]"), """{"targets": "parisian"}""");
        Assert.Equal("paris", Assert.Single(Assert.Single(pieces.Masks)).TokenText);
        Assert.Contains("parisian", Assert.Single(pieces.Notes));
        // One text is one target, also with a comma in it.
        Assert.Equal("bob", Assert.Single(Assert.Single(((MaskFills)model.Run("fill-mask", PipelineInput.Of("in [MASK]"), """{"targets": "bob, alice"}""")).Masks)).TokenText);
        Assert.Throws<PipelineArgumentException>(() => model.Run("fill-mask", PipelineInput.Of("in [MASK]"), """{"targets": []}"""));
    }

    [Fact]
    public void Tokenizer_arguments_may_stand_in_an_object_of_their_own()
    {
        using var model = Filler();
        var arguments = """{"tokenizer_kwargs": {"truncation": true, "max_length": 4}}""";
        Assert.Contains("4 tokens", Assert.Single(model.Run("fill-mask", PipelineInput.Of("[MASK] in and in and in"), arguments).Notes));
        Assert.Equal("long", Assert.Throws<PipelineArgumentException>(
            () => model.Run("fill-mask", PipelineInput.Of("[MASK]"), """{"tokenizer_kwargs": {"long": 1}}""")).Argument);
    }

    [Fact]
    public void Text_without_mask_is_refused_with_the_mask_that_is_missing()
    {
        using var model = Filler();
        Assert.Contains("[MASK]", Assert.Throws<PipelineInputException>(() => model.Run("fill-mask", PipelineInput.Of("alice"))).Remedy);
    }

    [Fact]
    public void Zero_shot_scores_what_is_entailed()
    {
        using var model = Entailer("""{"id2label": {"0": "contradiction", "1": "neutral", "2": "entailment"}}""");
        var labels = (ZeroShotLabels)model.Run("zero-shot-classification", PipelineInput.Of("alice"), """{"candidate_labels": "bob, paris", "hypothesis_template": "in {}"}""");
        Assert.Equal(["paris", "bob"], labels.Labels.Select(label => label.Label));
        Assert.Equal(1, labels.Labels.Sum(label => label.Score), 1e-6f);
        Assert.Equal(0.7310586f, labels.Labels[0].Score, 1e-6f); // logits 3 and 2
        var alone = (ZeroShotLabels)model.Run("zero-shot-classification", PipelineInput.Of("alice"), """{"candidate_labels": ["bob", "paris"], "multi_label": true}""");
        Assert.Equal(0.95257413f, alone.Labels[0].Score, 1e-6f); // 3 against 0
        Assert.Equal("""{"sequence":"alice","labels":["a"],"scores":[0.5]}""", LookupModel.Written(new ZeroShotLabels("alice", [new LabelScore("a", 0.5f)])));
    }

    [Fact]
    public void Entailment_that_comes_first_is_weighed_against_the_last_class()
    {
        using var model = Entailer("""{"id2label": {"0": "ENTAILMENT", "1": "neutral", "2": "contradiction"}}""");
        var labels = (ZeroShotLabels)model.Run("zero-shot-classification", PipelineInput.Of("alice"), """{"candidate_labels": ["paris"]}""");
        Assert.Equal(1 - 0.95257413f, Assert.Single(labels.Labels).Score, 1e-6f);
    }

    /// <summary>As the original does, which never asks the names of ids.</summary>
    [Theory]
    [InlineData("""{"id2label": {"0": "x", "1": "y", "2": "z"}, "label2id": {"z": 2, "Entails": 0}}""", 1 - 0.95257413f)] // against the last
    [InlineData("""{"id2label": {"0": "entailment", "1": "y", "2": "z"}, "label2id": {"a": 0, "b": 1, "c": 2}}""", 0.95257413f)] // the last against the first
    public void Entailment_is_looked_up_in_label2id(string config, float expected)
    {
        using var model = Entailer(config);
        var labels = (ZeroShotLabels)model.Run("zero-shot-classification", PipelineInput.Of("alice"), """{"candidate_labels": ["paris", "bob"], "multi_class": true}""");
        Assert.Equal(expected, Assert.Single(labels.Labels, label => label.Label == "paris").Score, 1e-6f);
    }

    [Fact]
    public void Class_of_entailment_that_the_model_lacks_is_refused()
    {
        using var model = Entailer("""{"label2id": {"entailment": 3}}""");
        Assert.Throws<PipelineInputException>(() => model.Run("zero-shot-classification", PipelineInput.Of("alice"), """{"candidate_labels": ["a"]}"""));
    }

    /// <summary>64, whatever the tokenizer states; but no more than there are positions.</summary>
    [Theory]
    [InlineData("""{"model_type": "siglip"}""", 64)]
    [InlineData("""{"model_type": "siglip2", "text_config": {"max_position_embeddings": 8}}""", 8)]
    [InlineData("""{"model_type": "clip"}""", 3)] // [CLS], the label and [SEP]
    public void Labels_have_the_length_that_siglip_was_trained_with(string config, int tokens)
    {
        using var model = LookupModel.OfTextShapes(config, maxLength: 16,
            ("preprocessor_config.json", """{"image_processor_type": "SiglipImageProcessor", "size": {"height": 2, "width": 2}}"""));
        var input = new PipelineInput { Image = Image.FromPixels(2, 2, new byte[12]) };
        var labels = ((ImageLabels)model.Run("zero-shot-image-classification", input, """{"candidate_labels": ["bob", "alice"], "hypothesis_template": "{}"}""")).Labels;
        var score = tokens == 3 ? Math.Exp(3) / (Math.Exp(2) + Math.Exp(3)) : 1 / (1 + Math.Exp(-tokens));
        Assert.Equal((float)score, Assert.Single(labels, label => label.Label == "alice").Score);
    }

    [Fact]
    public void Labels_of_one_text_keep_their_blanks_where_the_original_keeps_them()
    {
        var arguments = LookupModel.Arguments("""{"candidate_labels": "a cat, a river"}""");
        Assert.Equal(["a cat", "a river"], CandidateLabels.Read(arguments));
        Assert.Equal(["a cat", " a river"], CandidateLabels.Read(arguments, StringSplitOptions.None));
    }

    [Theory]
    [InlineData("\"only_first\"", "alice")]
    [InlineData("\"only_second\"", "bob")]
    public void Truncation_may_name_the_text_that_is_cut(string truncation, string cut)
    {
        using var model = LookupModel.OfTexts(token => [token == "alice" ? 1 : 0, token == "bob" ? 1 : 0]);
        var labels = (LabelScores)model.Run("text-classification", new PipelineInput { Text = "alice alice alice", Pair = "bob bob bob" },
            $$"""{"truncation": {{truncation}}, "max_length": 7, "padding": "max_length", "function_to_apply": "none", "top_k": null}""");
        Assert.Equal(cut == "alice" ? 1 : 3, labels.Labels.Single(label => label.Label == "LABEL_0").Score);
        Assert.Equal(cut == "bob" ? 1 : 3, labels.Labels.Single(label => label.Label == "LABEL_1").Score);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"candidate_labels": []}""")]
    [InlineData("""{"candidate_labels": " , "}""")]
    [InlineData("""{"candidate_labels": [1]}""")]
    [InlineData("""{"candidate_labels": ["a"], "hypothesis_template": "about it"}""")]
    public void Zero_shot_needs_labels_and_a_template(string arguments)
    {
        using var model = Entailer("{}");
        Assert.Throws<PipelineArgumentException>(() => model.Run("zero-shot-classification", PipelineInput.Of("alice"), arguments));
    }

    [Fact]
    public void Zero_shot_needs_a_text()
    {
        using var model = Entailer("{}");
        Assert.Throws<PipelineInputException>(() => model.Run("zero-shot-classification", PipelineInput.Of(""), """{"candidate_labels": ["a"]}"""));
    }

    [Fact]
    public void Features_are_nested_lists()
    {
        using var model = LookupModel.OfTokens(token => [token.Length, 0.5f]);
        Assert.Equal("[[[5,0.5],[5,0.5],[5,0.5]]]", model.Json("feature-extraction", PipelineInput.Of("alice")));
        Assert.Equal("[[[5,0.5],[5,0.5],[5,0.5]]]", model.Json("feature-extraction", PipelineInput.Of("alice"), """{"return_tensors": true, "truncation": true}"""));
        Assert.Equal("0.5", LookupModel.Written(new Features(Tensor.Of<float>([0.5f], Shape.Scalar))));
    }

    [Fact]
    public void Catalog_knows_the_other_names_of_tasks()
    {
        using var model = LookupModel.OfTokens(_ => [0, 1]);
        Assert.Equal("token-classification", PipelineCatalog.Create("ner", model.Model).Task);
        Assert.Equal("text-classification", PipelineCatalog.Create("sentiment-analysis", model.Model).Task);
        Assert.All(PipelineCatalog.Tasks, task => Assert.Equal(task, PipelineCatalog.Create(task, model.Model).Task));
        var unknown = Assert.Throws<UnsupportedTaskException>(() => PipelineCatalog.Create("text-to-video", model.Model));
        Assert.Equal(ErrorCode.UnsupportedTask, unknown.Code);
        Assert.Contains("fill-mask", unknown.Remedy);
    }

    // The mask reads as "paris" first, "bob" next, "alice" then.
    private static LookupModel Filler() => LookupModel.OfTokens(_ =>
    {
        var row = new float[LookupModel.Vocabulary.Length];
        (row[LookupModel.Id("paris")], row[LookupModel.Id("bob")], row[LookupModel.Id("alice")]) = (200, 50, 40);
        return row;
    });

    private static LookupModel Entailer(string config) => LookupModel.OfTexts(
        token => token switch { "bob" => [0, 0, 2], "paris" => [0, 0, 3], _ => [0, 0, 0] }, config);
}
