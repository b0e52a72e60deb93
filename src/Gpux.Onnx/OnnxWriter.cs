using Gpux.Onnx.Protobuf;

namespace Gpux.Onnx;

/// <summary>Writes ONNX files. The same model gives the same bytes, and tensors' data are written straight from where they lie.</summary>
public static class OnnxWriter
{
    // Protobuf's parsers refuse more.
    private const long MaxSize = int.MaxValue;

    /// <summary>The size in bytes of the file that <see cref="Write(OnnxModel, Stream)"/> would make, however large.</summary>
    /// <exception cref="ArgumentException">Graphs or types are nested deeper than 100, or a text is not valid Unicode.</exception>
    public static long Measure(OnnxModel model)
    {
        using var wire = new ProtobufWriter();
        return Measure(model, wire);
    }

    /// <summary>Writes a model to a stream, which stays open.</summary>
    /// <exception cref="OnnxTooLargeException">The file would have 2 GiB or more.</exception>
    /// <exception cref="ArgumentException">Graphs or types are nested deeper than 100, or a text is not valid Unicode.</exception>
    public static void Write(OnnxModel model, Stream stream)
    {
        using var wire = new ProtobufWriter();
        CheckSize(model, Measure(model, wire));
        WriteMeasured(model, wire, stream);
    }

    /// <summary>Writes a model to a file: all of it, or nothing. An older file of that name stays until the new one is complete.</summary>
    /// <exception cref="OnnxTooLargeException">The file would have 2 GiB or more.</exception>
    /// <exception cref="ArgumentException">Graphs or types are nested deeper than 100, or a text is not valid Unicode.</exception>
    public static void Write(OnnxModel model, string path)
    {
        using var wire = new ProtobufWriter();
        var size = Measure(model, wire);
        CheckSize(model, size);
        var target = Path.GetFullPath(path);
        var temporary = Path.Join(Path.GetDirectoryName(target), $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}");
        try
        {
            // The writer has its own buffer. Reserving the size first makes a full disk fail here and not half way.
            using (var stream = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                PreallocationSize = size,
            }))
            {
                WriteMeasured(model, wire, stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static long Measure(OnnxModel model, ProtobufWriter wire)
    {
        new ModelEncoder(wire, model.SpellsDefaultDomain).Model(model);
        return wire.Position;
    }

    private static void WriteMeasured(OnnxModel model, ProtobufWriter wire, Stream stream)
    {
        wire.StartWriting(stream);
        new ModelEncoder(wire, model.SpellsDefaultDomain).Model(model);
        wire.Flush();
    }

    private static void CheckSize(OnnxModel model, long size)
    {
        if (size > MaxSize)
            throw new OnnxTooLargeException(size, LargestTensors(model.Graph));
    }

    private static List<OnnxTensor> LargestTensors(OnnxGraph graph)
    {
        var tensors = graph.Initializers.FindAll(tensor => tensor.External is null);
        foreach (var node in graph.Nodes)
        {
            foreach (var attribute in node.Attributes)
            {
                if (attribute.Tensor is { External: null } tensor)
                    tensors.Add(tensor);
            }
        }
        tensors.Sort((left, right) => right.Data.Length.CompareTo(left.Data.Length));
        return tensors[..Math.Min(3, tensors.Count)];
    }
}
