using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Gpux.Cli.Terminals;
using Gpux.Conversion.Checkpoints;
using Gpux.Models;
using Gpux.Registries.Store;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Cli.Commands;

internal sealed class PreprocessCommand : GpuxCommand
{
    public const string Summary = "Turn an image, a sound or a text into the tensors that a model is fed.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string[]> _input = new("input") { Description = "Images, sounds, or a text.", Arity = ArgumentArity.ZeroOrMore };
    private readonly TextSource _source = new();
    private readonly Option<string> _output = new("--output", "-o") { Description = "Write the tensors to a safetensors file." };

    public PreprocessCommand(Services services) : base(services, "preprocess", Summary,
        "gpux preprocess samples/digits samples/inputs/digit-3.png -o inputs.safetensors", "gpux preprocess samples/language-id \"Guten Tag\" --json")
    {
        Add(_model);
        Add(_input);
        _source.AddTo(this, _input);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var words = parsed.GetValue(_input) ?? [];
        var (_, files) = await Services.Library.FetchConfigurationAsync(reference, Lookup.PreferStore, Terminal.Progress, cancellationToken);
        var tensors = TakesSounds(files, words) ? Heard(FeatureExtractor.Load(files.Find), words) : Seen(files, _source.Read(parsed, words));
        var path = parsed.GetValue(_output);
        if (path is not null)
            Save(path, tensors);
        Terminal.Print(
            output =>
            {
                var table = new Table("tensor", "type", "shape", "min", "max", "mean").AlignRight(3, 4, 5);
                foreach (var (name, tensor) in tensors)
                {
                    var (min, max, mean) = Statistics(tensor);
                    table.Row(name, tensor.ElementType.ToString(), tensor.Shape.ToString(), Number(min), Number(max), Number(mean));
                }
                table.Write(Terminal, output);
                if (path is not null)
                    output.WriteLine($"written to {path}");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("file", path);
                json.WriteStartObject("tensors");
                foreach (var (name, tensor) in tensors)
                {
                    var (min, max, mean) = Statistics(tensor);
                    json.WriteStartObject(name);
                    json.WriteString("type", tensor.ElementType.ToString());
                    json.WriteStartArray("shape");
                    foreach (var extent in tensor.Shape.Dimensions)
                        json.WriteNumberValue(extent);
                    json.WriteEndArray();
                    json.WriteNumber("min", min);
                    json.WriteNumber("max", max);
                    json.WriteNumber("mean", mean);
                    json.WriteEndObject();
                }
                json.WriteEndObject();
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }

    // A model that hears may read as well: then an input that is a file is a sound.
    private static bool TakesSounds(ModelFiles files, string[] words) => FeatureExtractor.IsDescribed(files.Find)
        && Array.TrueForAll(words, word => word == MediaFiles.StandardInput || Path.Exists(word)) && (words.Length > 0 || Console.IsInputRedirected);

    private static IReadOnlyDictionary<string, Tensor> Heard(FeatureExtractor extractor, string[] words) => extractor.Extract(
        [.. SoundFile.Find(words.Length > 0 ? words : [MediaFiles.StandardInput]).Names.Select(path => SoundFile.Load(path, extractor.SamplingRate))]).Tensors;

    private static IReadOnlyDictionary<string, Tensor> Seen(ModelFiles files, IReadOnlyList<string> inputs) => TakesImages(files)
        ? ImageProcessor.Load(files).Process([.. inputs.Select(path => ImageFile.Load(path))]).Tensors : Tokenized(Tokenizer.Load(files.Find), inputs);

    private static bool TakesImages(ModelFiles files) => files.Find("tokenizer.json") is null && files.Find("vocab.txt") is null && files.Find("vocab.json") is null
        && (files.Find("preprocessor_config.json") is not null || files.Find("processor_config.json") is not null || files.Find("tokenizer_config.json") is null);

    private static Dictionary<string, Tensor> Tokenized(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        var encodings = tokenizer.EncodeBatch(texts, new EncodeOptions { Padding = texts.Count > 1 ? new Padding() : null });
        var tensors = new Dictionary<string, Tensor>();
        foreach (var name in tokenizer.ModelInputNames)
        {
            var tensor = Tensor.Uninitialized(ElementType.Int64, new Shape(encodings.Count, encodings[0].Count));
            var elements = tensor.AsSpan<long>();
            foreach (var encoding in encodings)
            {
                var values = name switch
                {
                    "token_type_ids" => encoding.TypeIds,
                    "attention_mask" => encoding.AttentionMask,
                    _ => encoding.Ids,
                };
                for (var i = 0; i < values.Length; i++)
                    elements[i] = values[i];
                elements = elements[values.Length..];
            }
            tensors[name] = tensor;
        }
        return tensors;
    }

    private static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        try
        {
            SafetensorsWriter.Write(path, tensors);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, exception);
        }
    }

    private static (double Min, double Max, double Mean) Statistics(Tensor tensor)
    {
        double[] values = tensor.ElementType == ElementType.Bool ? [.. tensor.Bytes.ToArray().Select(value => (double)value)]
            : tensor.ElementType == ElementType.Int64
            ? [.. MemoryMarshal.Cast<byte, long>(tensor.Bytes).ToArray().Select(value => (double)value)]
            : [.. MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray().Select(value => (double)value)];
        return values.Length == 0 ? (0, 0, 0) : (values.Min(), values.Max(), values.Average());
    }

    private static string Number(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
