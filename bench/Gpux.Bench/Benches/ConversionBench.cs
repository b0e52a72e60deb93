using Gpux.Bench.Inputs;
using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;

namespace Gpux.Bench.Benches;

/// <summary>How long does the whole process take that turns a checkpoint into ONNX, and what does it cost in memory and disk?</summary>
/// <remarks>The peer is a copy of the weights: the least that an exporter does which writes them into files of its own.</remarks>
internal static class ConversionBench
{
    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var name = settings.Bert.Name;
        var checkpoint = ConvertedBert.Checkpoint(settings, settings.Bert);
        var weights = Path.Combine(checkpoint, "model.safetensors");
        var (output, copy) = (settings.Made("conversion"), settings.Made("conversion.copy"));
        var convert = settings.Program(settings.Gpux, "convert", checkpoint, "-o", output);
        var copyFile = settings.Program("cp", weights, copy);
        double Fresh(Func<double> measure)
        {
            if (Directory.Exists(output))
                Directory.Delete(output, recursive: true);
            File.Delete(copy);
            return measure();
        }

        var times = Alternation.Measure(1, settings.Rounds(15), () => Fresh(convert.Milliseconds), () => Fresh(copyFile.Milliseconds));
        yield return new Row($"{name}, whole process", "ms", times[0], times[1], "cp of the weights");
        if (settings.Rounds(5) is var rounds && OperatingSystem.IsLinux())
        {
            var peaks = Alternation.Measure(0, rounds, () => Fresh(() => convert.PeakMemory()!.Value), () => Fresh(() => copyFile.PeakMemory()!.Value)); // Linux says
            yield return new Row($"{name}, peak resident memory", "MB", peaks[0], peaks[1], "cp of the weights");
        }
        Fresh(convert.Milliseconds);
        yield return new Row($"{name}, written", "MB", new Series([WrittenBytes(output, weights) / 1e6]),
            new Series([new FileInfo(weights).Length / 1e6]), "cp of the weights");
        Fresh(() => 0);

        yield return TorchExport(settings, checkpoint, times[0]);

        // Of a model that is too large to make: its header in a sparse file.
        var large = MadeCheckpoint.Sparse(settings.Made(Gpt2Shape.Name), Gpt2Shape.Config, Gpt2Shape.Tensors());
        var info = settings.Program(settings.Gpux, "info", large);
        var plan = Alternation.Measure(1, settings.Rounds(15), info.Milliseconds);
        yield return new Row($"plan of {Gpt2Shape.Name} (13 GB of headers), whole process", "ms", plan[0], null, "none");
    }

    // Files that are hard links to the weights were not written.
    private static long WrittenBytes(string folder, string weights) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.Length != new FileInfo(weights).Length).Sum(file => file.Length);

    private static Row TorchExport(BenchSettings settings, string checkpoint, Series ours)
    {
        var export = settings.Program("python3", Path.Combine(settings.Root, "bench", "torch_export.py"), checkpoint, settings.Made("conversion.torch.onnx"));
        var isThere = settings.Program("python3", "-c", "import importlib.util as u; print(all(u.find_spec(n) for n in ('torch', 'transformers', 'onnx')))");
        try
        {
            if (isThere.Run().Output.Trim() == "True")
                return new Row($"{settings.Bert.Name}, whole process", "ms", ours, Alternation.Measure(0, settings.Rounds(3), export.Milliseconds)[0], "python, torch.onnx.export");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No python3 at all.
        }
        return new Row($"{settings.Bert.Name}, whole process", "ms", ours, null, "python, torch.onnx.export: not measured, for there is no Python with torch here");
    }
}
