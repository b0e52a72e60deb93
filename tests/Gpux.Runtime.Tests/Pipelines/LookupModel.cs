using System.Text.Json;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tests.Sessions;

namespace Gpux.Runtime.Tests.Pipelines;

/// <summary>A model that looks the outputs of each token up in a table, so that a test chooses every number of them.</summary>
internal sealed class LookupModel : IDisposable
{
    public static readonly string[] Vocabulary =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "alice", "lives", "in", "paris", "##ian", "and", "bob", ".", "[CL", "who", "?"];

    private readonly string _folder;

    private LookupModel(byte[] graph, string config, bool specialTokens, int? maxLength, (string Name, string Text)[] files, string paddingSide = "right")
    {
        _folder = Directory.CreateTempSubdirectory("gpux-pipelines-").FullName;
        File.WriteAllText(Path.Combine(_folder, "config.json"), config);
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), TokenizerJson(specialTokens));
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast", ["padding_side"] = paddingSide, ["model_max_length"] = maxLength ?? 512, ["unk_token"] = "[UNK]", ["pad_token"] = "[PAD]",
            ["cls_token"] = "[CLS]", ["sep_token"] = "[SEP]", ["mask_token"] = "[MASK]",
        }));
        foreach (var (name, text) in files)
            File.WriteAllText(Path.Combine(_folder, name), text);
        Model = new PipelineModel("lookup", ModelFiles.InFolder(_folder), InferenceSession.Open(graph));
    }

    public PipelineModel Model { get; }

    public PipelineResult Run(string task, PipelineInput input, string arguments = "{}", bool strict = false) =>
        PipelineCatalog.Create(task, Model).Run(input, Arguments(arguments, strict), CancellationToken.None);

    public string Json(string task, PipelineInput input, string arguments = "{}") => Written(Run(task, input, arguments));

    public static PipelineArguments Arguments(string json, bool strict = false)
    {
        var arguments = new PipelineArguments { Strict = strict };
        foreach (var entry in JsonDocument.Parse(json).RootElement.EnumerateObject())
            arguments.Set(entry.Name, entry.Value.WriteTo);
        return arguments;
    }

    public static string Written(PipelineResult result)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            result.WriteJson(json);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>logits [batch, sequence, classes]: the row of each token.</summary>
    public static LookupModel OfTokens(Func<string, float[]> row, string config = "{}", bool specialTokens = true, int? maxLength = null) => new(
        TestModel.Of([Gather("table", "logits")], [Ids], [TestModel.Value("logits", ElementType.Float32, "batch", "sequence", row("").Length)], [Table("table", row)]),
        config, specialTokens, maxLength, []);

    /// <summary>One output [batch, classes]: the sum of the tokens' rows.</summary>
    public static LookupModel OfTexts(Func<string, float[]> row, string config = "{}", string output = "logits", int? maxLength = null,
        params (string Name, string Text)[] files) => new(
        TestModel.Of(
            [Gather("table", "rows"), TestModel.Node("ReduceSum", ["rows", "axes"], [output], attributes: TestModel.Attribute("keepdims", 0))],
            [Ids], [TestModel.Value(output, ElementType.Float32, "batch", row("").Length)],
            [Table("table", row), TestModel.Initializer("axes", Tensor.Of<long>([1], new Shape(1)))]),
        config, specialTokens: true, maxLength, files);

    /// <summary>start_logits and end_logits [batch, sequence].</summary>
    public static LookupModel OfAnswers(Func<string, float> start, Func<string, float> end, string paddingSide = "right") => new(
        TestModel.Of(
            [Gather("starts", "start_logits"), Gather("ends", "end_logits")], [Ids],
            [TestModel.Value("start_logits", ElementType.Float32, "batch", "sequence"), TestModel.Value("end_logits", ElementType.Float32, "batch", "sequence")],
            [Column("starts", start), Column("ends", end)]),
        "{}", specialTokens: true, null, [], paddingSide);

    /// <summary>logits_per_image [1, 2] of two texts: how many they are, and how many tokens each has.</summary>
    public static LookupModel OfTextShapes(string config, int? maxLength, params (string Name, string Text)[] files) => new(
        TestModel.Of(
            [
                TestModel.Node("Shape", ["input_ids"], ["shape"]), TestModel.Node("Cast", ["shape"], ["numbers"], attributes: TestModel.Attribute("to", (long)ElementType.Float32)),
                TestModel.Node("Unsqueeze", ["numbers", "axes"], ["logits_per_image"]),
            ],
            [Ids], [TestModel.Value("logits_per_image", ElementType.Float32, 1, 2)], [TestModel.Initializer("axes", Tensor.Of<long>([0], new Shape(1)))]),
        config, specialTokens: true, maxLength, files);

    /// <summary>A causal model with a cache, which the next token does not depend on: logits [batch, sequence, vocabulary].</summary>
    public static LookupModel OfNextTokens(Func<string, float[]> row, string config = "{}") => new(
        TestModel.Of(
            [
                Gather("table", "logits"), TestModel.Node("Cast", ["input_ids"], ["numbers"], attributes: TestModel.Attribute("to", (long)ElementType.Float32)),
                TestModel.Node("Unsqueeze", ["numbers", "axes"], ["keys"]),
                TestModel.Node("Concat", ["past_key_values.0.key", "keys"], ["present.0.key"], attributes: TestModel.Attribute("axis", 2)),
            ],
            [Ids, TestModel.Value("past_key_values.0.key", ElementType.Float32, "batch", 1, "past", 1)],
            [
                TestModel.Value("logits", ElementType.Float32, "batch", "sequence", Vocabulary.Length),
                TestModel.Value("present.0.key", ElementType.Float32, "batch", 1, "total", 1),
            ],
            [Table("table", row), TestModel.Initializer("axes", Tensor.Of<long>([1, 3], new Shape(2)))]),
        config, specialTokens: false, null, []);

    public static int Id(string token) => Array.IndexOf(Vocabulary, token);

    public void Dispose()
    {
        Model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Ids => TestModel.Value("input_ids", ElementType.Int64, "batch", "sequence");

    private static byte[] Gather(string table, string output) => TestModel.Node("Gather", [table, "input_ids"], [output], name: output);

    private static byte[] Table(string name, Func<string, float[]> row)
    {
        var rows = Array.ConvertAll(Vocabulary, token => row(token));
        return TestModel.Initializer(name, Tensor.Of<float>(rows.SelectMany(values => values).ToArray(), new Shape(Vocabulary.Length, rows[0].Length)));
    }

    private static byte[] Column(string name, Func<string, float> value) =>
        TestModel.Initializer(name, Tensor.Of<float>(Array.ConvertAll(Vocabulary, token => value(token)), new Shape(Vocabulary.Length)));

    private static string TokenizerJson(bool specialTokens)
    {
        object Special(string token) => new { SpecialToken = new { id = token, type_id = 0 } };
        object Part(string text, int type) => new { Sequence = new { id = text, type_id = type } };
        return JsonSerializer.Serialize(new
        {
            version = "1.0",
            added_tokens = Vocabulary[..5].Select((content, id) => new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true }),
            normalizer = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = true, strip_accents = (bool?)null, lowercase = false },
            pre_tokenizer = new { type = "BertPreTokenizer" },
            post_processor = specialTokens ? new
            {
                type = "TemplateProcessing",
                single = new[] { Special("[CLS]"), Part("A", 0), Special("[SEP]") },
                pair = new[] { Special("[CLS]"), Part("A", 0), Special("[SEP]"), Part("B", 1), new { SpecialToken = new { id = "[SEP]", type_id = 1 } } },
                special_tokens = new Dictionary<string, object>
                {
                    ["[CLS]"] = new { id = "[CLS]", ids = new[] { 2 }, tokens = new[] { "[CLS]" } },
                    ["[SEP]"] = new { id = "[SEP]", ids = new[] { 3 }, tokens = new[] { "[SEP]" } },
                },
            } : null,
            decoder = new { type = "WordPiece", prefix = "##", cleanup = true },
            model = new
            {
                type = "WordPiece", unk_token = "[UNK]", continuing_subword_prefix = "##", max_input_chars_per_word = 100,
                vocab = Vocabulary.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id),
            },
        });
    }
}
