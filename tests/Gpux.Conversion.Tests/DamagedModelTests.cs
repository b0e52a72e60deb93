using System.Text;
using Xunit.Abstractions;

namespace Gpux.Conversion.Tests;

/// <summary>Damaged configurations and weight files: typed errors, or a plan, and nothing else.</summary>
public sealed class DamagedModelTests(ITestOutputHelper output) : IDisposable
{
    private const string Weights = "model.safetensors", Config = "config.json", Sentence = "sentence-bert-mean-normalize";

    private static readonly string[] Models = ["bert-tokcls", "gpt2", "vit-image-classification", "resnet-image-classification", "wav2vec2-frame-classification", Sentence];

    private static readonly byte[][] Words = [.. new[]
    {
        "\"", "{", "}", "[", "]", ":", ",", "-", "0", "9", "\\ud800", "null", "true", "NaN", "1e400", "99999999999999999999", "0.5", "\"x\"", "[1]",
    }.Select(Encoding.UTF8.GetBytes)];

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_configurations_are_read_or_refused_by_name() => Fuzzing.TenThousand(output, Config, ConfigReader);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_configurations_are_read_or_refused_by_name() => Fuzzing.Million(output, Config, ConfigReader);

    [Fact]
    public void Damaged_models_are_planned_or_refused_by_name() => Fuzzing.TenThousand(output, "plans of models", Planner);

    [Fact]
    [Trait("Category", "Slow")]
    public void Many_damaged_models_are_planned_or_refused_by_name() => Fuzzing.ForHalfMinute(output, "plans of models", Planner);

    private static Func<Chance, bool> ConfigReader()
    {
        var damage = new Damage(
        [
            """{"model_type": "bert", "architectures": ["BertForMaskedLM", "B\u00e9"], "id2label": {"0": "a", "1": 7}, "hidden_size": 32, "dropout": 0.1, "cached": true, "flags": [true, false]}"""u8.ToArray(),
            """{"text_config": {"hidden_size": 8, "depths": [1, 2, 3], "scales": [0.5, 1e-5]}, "kernels": [[1, 2], [3]], "image_size": [8, 6], "num_labels": 3, "eps": NaN, "other": null}"""u8.ToArray(),
        ], int.MaxValue, Words);
        Action<ModelConfig>[] fields =
        [
            config => _ = config.ModelType, config => _ = config.Architectures, config => _ = config.LabelCount, config => _ = config.Labels, config => _ = config.Names.Count(),
            config => config.Int("hidden_size"), config => config.Float("dropout", 1), config => config.Number("eps", 1), config => config.Bool("cached", false),
            config => config.Bools("flags"), config => config.Section("text_config").Ints("depths"), config => config.Section("text_config").Floats("scales"),
            config => config.IntLists("kernels"), config => config.Size("image_size", 8), config => config.OptionalInt("num_labels"), config => config.IsNull("other"),
        ];
        return chance =>
        {
            try
            {
                var config = ModelConfig.Parse(damage.Next(chance).Bytes);
                for (var i = 0; i < 4; i++)
                    chance.Of(fields)(config);
                return true;
            }
            catch (InvalidConfigException)
            {
                return false;
            }
        };
    }

    private Func<Chance, bool> Planner()
    {
        (string Model, string File)[] originals =
        [
            .. Models.SelectMany(model => new[] { (model, Config), (model, Weights) }),
            (Sentence, "modules.json"), (Sentence, "1_Pooling/config.json"),
        ];
        var damages = Array.ConvertAll(originals, original =>
        {
            var bytes = File.ReadAllBytes(Corpus.PathOf("models", original.Model, "repo", original.File));
            return new Damage([bytes], original.File == Weights ? sizeof(long) + (int)BitConverter.ToInt64(bytes) : bytes.Length, Words);
        });
        var repositories = Array.ConvertAll(originals, original =>
        {
            var files = ModelFiles.InFolder(Corpus.PathOf("models", original.Model, "repo"));
            return files.Names.ToDictionary(name => name, files.Require);
        });
        return chance =>
        {
            var which = chance.Next(originals.Length);
            // Each input is a new file: a mapping of the one before may still live.
            var path = repositories[which][originals[which].File] = _folder.NewPath();
            File.WriteAllBytes(path, damages[which].Next(chance).Bytes);
            try
            {
                Converter.Plan(new ModelFiles(repositories[which], "damaged"), new ConversionOptions());
                return true;
            }
            catch (GpuxException)
            {
                return false;
            }
            finally
            {
                File.Delete(path);
            }
        };
    }
}
