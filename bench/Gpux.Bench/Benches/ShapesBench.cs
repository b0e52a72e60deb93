using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Benchmarks.Measurement.Machine;
using Gpux.Runtime.Sessions;

namespace Gpux.Bench.Benches;

/// <summary>How fast do other encoders than BERT convert and run, and what do 8 bits bring?</summary>
internal static class ShapesBench
{
    private const int Tokens = 128;

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var bert = settings.Bert;
        EncoderShape[] shapes = settings.Quick ? [Of(bert)] : [Of(bert), .. EncoderShape.All];
        foreach (var shape in shapes)
        {
            var checkpoint = MadeCheckpoint.Random(settings.Made(shape.Name), shape.Config, shape.Tensors);
            foreach (var row in Compare(settings, shape, checkpoint))
                yield return row;
        }
    }

    private static IEnumerable<Row> Compare(BenchSettings settings, EncoderShape shape, string checkpoint)
    {
        var output = settings.Made($"{shape.Name}-shape");
        var convert = settings.Program(settings.Gpux, "convert", checkpoint, "--target", "cpu", "-o", output);
        yield return new Row($"{shape.Name}, conversion, whole process", "ms", Alternation.Measure(1, settings.Rounds(9), convert.Milliseconds)[0], null, "none");
        var eight = settings.Made($"{shape.Name}-int8");
        settings.Program(settings.Gpux, "convert", checkpoint, "--target", "cpu", "--precision", "int8", "--force", "-o", eight).Run();
        yield return new Row($"{shape.Name}, int8, size", "MB", Size(eight, "model.onnx.data"), Size(checkpoint, "model.safetensors"), "as published");

        var threads = Environment.ProcessorCount;
        using var published = InferenceSession.Open(Path.Combine(output, "model.onnx"));
        using var quantized = InferenceSession.Open(Path.Combine(eight, "model.onnx"));
        foreach (var (batch, rounds) in ((int, int)[])[(1, 15), (8, 5)])
        {
            var inputs = Inputs(shape, batch);
            double Time(InferenceSession session) => Alternation.Time(() => session.Run(inputs).Dispose());
            var series = Alternation.Measure(2, settings.Rounds(rounds), () => Time(published), () => Time(quantized), () => FmaPeak.Measure(threads));
            var name = $"{shape.Name} {batch}x{Size(shape)}";
            yield return new Row(name, "GFLOP/s", series[0].Rate(shape.Flops(batch, Tokens) / 1e6), series[2] with { HigherIsBetter = true }, FmaPeak.Name(threads));
            yield return new Row($"{name}, int8", "ms", series[1], series[0], "ours, as published");
        }
    }

    private static EncoderShape Of(BertShape bert) => new(bert.Name, bert.Config, [.. bert.Tensors()], bert.Flops);

    private static string Size(EncoderShape shape) => shape switch
    {
        { ImageSize: { } size } => $"{size}x{size}",
        { Samples: { } samples } => $"{samples / 16_000} s",
        _ => $"{Tokens}",
    };

    private static Series Size(string folder, string file) => new([new FileInfo(Path.Combine(folder, file)).Length / 1e6]);

    private static Dictionary<string, Tensor> Inputs(EncoderShape shape, int batch)
    {
        if (shape.ImageSize is { } size)
            return new() { ["pixel_values"] = Noise([batch, 3, size, size]) };
        if (shape.Samples is { } samples)
            return new() { ["input_values"] = Noise([batch, samples]), ["attention_mask"] = Filled(batch, samples, _ => 1) };
        var inputs = new Dictionary<string, Tensor> { ["input_ids"] = Filled(batch, Tokens, i => 100 + i * 37 % 800), ["attention_mask"] = Filled(batch, Tokens, _ => 1) };
        if (shape.Config.Contains("\"BertModel\"", StringComparison.Ordinal)) // the others take none
            inputs.Add("token_type_ids", Filled(batch, Tokens, _ => 0));
        return inputs;
    }

    private static Tensor Filled(int batch, int length, Func<int, long> value) =>
        Tensor.Of([.. Enumerable.Range(0, batch * length).Select(value)], new Shape([batch, length]));

    private static Tensor Noise(long[] shape)
    {
        var noise = Tensor.Zeros(ElementType.Float32, new Shape(shape));
        var chance = new Random(1);
        foreach (ref var value in noise.AsSpan<float>())
            value = chance.NextSingle() * 2 - 1;
        return noise;
    }
}
