using System.Text;
using Gpux.Conversion.SentenceTransformers;

namespace Gpux.Conversion.Tests.SentenceTransformers;

public sealed class RankerTests : IDisposable
{
    private const string Identity = "torch.nn.modules.linear.Identity";
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-ranker-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData($$$"""{"id2label":{"0":"LABEL_0"},"sentence_transformers":{"activation_fn":"{{{Identity}}}","version":"4.0.1"}}""", true)]
    [InlineData($$"""{"id2label":{"0":"LABEL_0"},"sbert_ce_default_activation_function":"{{Identity}}"}""", true)]
    [InlineData($$"""{"num_labels":1,"sbert_ce_default_activation_function":"{{Identity}}"}""", true)]
    [InlineData($$"""{"id2label":{"0":"a","1":"b","2":"c"},"sbert_ce_default_activation_function":"{{Identity}}"}""", false)] // such as NLI: classes
    [InlineData("""{"id2label":{"0":"LABEL_0"}}""", false)] // a regression, or a cross-encoder that does not say so
    [InlineData("""{"id2label":{"0":"LABEL_0"},"sentence_transformers":{"version":"4.0.1"}}""", false)]
    [InlineData("""{"id2label":{"0":"LABEL_0"},"sentence_transformers":"4.0.1","sbert_ce_default_activation_function":null}""", false)]
    public void A_classifier_ranks_where_its_configuration_says_so(string config, bool ranks) =>
        Assert.Equal(ranks, SentenceModel.IsRanker(ModelFiles.InFolder(_folder), ModelConfig.Parse(Encoding.UTF8.GetBytes(config))));

    [Fact]
    public void Of_version_6_the_librarys_own_file_says_so()
    {
        File.WriteAllText(Path.Combine(_folder, "config_sentence_transformers.json"), """{"model_type":"CrossEncoder"}""");
        File.WriteAllText(Path.Combine(_folder, "modules.json"), """[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}]""");
        Assert.True(SentenceModel.IsRanker(ModelFiles.InFolder(_folder), ModelConfig.Parse("""{"num_labels":1}"""u8.ToArray())));
    }

    /// <summary>Of the recordings that are here: a user's clone has few.</summary>
    public static TheoryData<string, string?, string> Recordings
    {
        get
        {
            var rows = new TheoryData<string, string?, string>();
            foreach (var row in (ReadOnlySpan<(string, string?, string)>)
            [
                ("bert-seqcls", null, "text-classification"),
                ("crossencoder-bert-identity", null, "text-ranking"),
                ("crossencoder-bert-identity", "BertForSequenceClassification", "text-classification"), // as it was asked for
                ("crossencoder-bert-identity-old-field", "CrossEncoder", "text-ranking"),
                ("crossencoder-bert-sigmoid", null, "text-classification"), // which it does not tell from any other
                ("crossencoder-roberta-nli", null, "text-classification"),
                ("xlm-roberta-seqcls-reranker", null, "text-classification"),
            ])
            {
                if (Directory.Exists(Corpus.PathOf("models", row.Item1)))
                    rows.Add(row.Item1, row.Item2, row.Item3);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_plan_is_for_ranking_only_where_that_is_certain(string recording, string? className, string task) => Assert.Equal(task,
        Converter.Plan(ModelFiles.InFolder(Corpus.PathOf("models", recording, "repo")), new ConversionOptions(ClassName: className)).Task);
}
