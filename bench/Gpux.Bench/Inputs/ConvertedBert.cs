namespace Gpux.Bench.Inputs;

/// <summary>A BERT checkpoint, and what gpux convert makes of it. Made anew whenever the program was built anew.</summary>
internal static class ConvertedBert
{
    public static string Checkpoint(BenchSettings settings, BertShape shape) =>
        MadeCheckpoint.Random(settings.Made(shape.Name), shape.Config, shape.Tensors());

    /// <param name="target">As of gpux convert: cpu or portable.</param>
    /// <returns>The path of model.onnx.</returns>
    public static string Model(BenchSettings settings, BertShape shape, string target)
    {
        var folder = settings.Made($"{shape.Name}-{target}");
        var model = Path.Combine(folder, "model.onnx");
        if (!File.Exists(model) || File.GetLastWriteTimeUtc(model) < File.GetLastWriteTimeUtc(settings.Gpux))
            settings.Program(settings.Gpux, "convert", Checkpoint(settings, shape), "--target", target, "-o", folder).Run();
        return model;
    }
}
