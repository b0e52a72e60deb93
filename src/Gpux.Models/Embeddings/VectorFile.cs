using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gpux.Models.Batches;

namespace Gpux.Models.Embeddings;

/// <summary>Writes vectors as a file of another program's: .safetensors, .npy or .jsonl.</summary>
/// <remarks>Source: safetensors 0.7, README.md; NumPy 2, numpy.lib.format, version 1.0.</remarks>
/// <param name="vectors">Floats row by row, from the stream's start.</param>
/// <param name="metadata">What the file says of itself, where the format can.</param>
internal sealed class VectorFile(Stream vectors, long count, int width, VectorPrecision precision, IReadOnlyList<KeyValuePair<string, string>> metadata)
{
    private const int Alignment = 64;
    private readonly int _written = Quantizer.Width(precision, width);

    public static IReadOnlyList<string> Extensions { get; } = [".safetensors", ".npy", ".jsonl", ".ndjson"];

    /// <param name="path">Its extension tells the format.</param>
    /// <param name="rows">The rows whose vectors these are, for formats that repeat their texts.</param>
    public static void Write(string path, Stream output, Stream vectors, long count, int width, VectorPrecision precision,
        IReadOnlyList<KeyValuePair<string, string>> metadata, IEnumerable<BatchRow> rows)
    {
        var file = new VectorFile(vectors, count, width, precision, metadata);
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".npy": file.WriteNumpy(output); break;
            case ".safetensors": file.WriteSafetensors(output); break;
            default: file.WriteLines(output, rows); break;
        }
    }

    private void WriteSafetensors(Stream output)
    {
        var quantizer = MakeQuantizer(out var ranges);
        var bytes = count * _written * (precision == VectorPrecision.Float32 ? sizeof(float) : 1);
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (name, value) in metadata)
                json.WriteString(name, value);
            json.WriteEndObject();
            var rangeBytes = ranges is null ? 0 : 2L * width * sizeof(float);
            // The least and the greatest value of each dimension give the floats back.
            if (ranges is not null)
                Describe(json, "ranges", "F32", 2, width, 0, rangeBytes);
            Describe(json, "embeddings", precision switch
            {
                VectorPrecision.Float32 => "F32",
                VectorPrecision.Int8 or VectorPrecision.Binary => "I8",
                _ => "U8",
            }, count, _written, rangeBytes, rangeBytes + bytes);
            json.WriteEndObject();
        }
        // Blanks at the end bring the elements to a multiple of their size.
        while ((header.Length + sizeof(ulong)) % Alignment != 0)
            header.WriteByte((byte)' ');
        output.Write(BitConverter.GetBytes((ulong)header.Length));
        header.WriteTo(output);
        if (ranges is { } both)
        {
            output.Write(MemoryMarshal.AsBytes<float>(both.Lows));
            output.Write(MemoryMarshal.AsBytes<float>(both.Highs));
        }
        WriteVectors(output, quantizer);
    }

    private static void Describe(Utf8JsonWriter json, string name, string type, long rows, int columns, long start, long end)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", type);
        json.WriteStartArray("shape");
        json.WriteNumberValue(rows);
        json.WriteNumberValue(columns);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(start);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteNumpy(Stream output)
    {
        var type = precision switch
        {
            VectorPrecision.Float32 => "<f4",
            VectorPrecision.Int8 or VectorPrecision.Binary => "|i1",
            _ => "|u1",
        };
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({count}, {_written}), }}";
        const int Prefix = 10;
        var length = (Prefix + text.Length + 1 + Alignment - 1) / Alignment * Alignment - Prefix;
        output.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)length, (byte)(length >> 8)]);
        output.Write(Encoding.ASCII.GetBytes(text.PadRight(length - 1) + "\n"));
        WriteVectors(output, MakeQuantizer(out _));
    }

    private void WriteLines(Stream output, IEnumerable<BatchRow> rows)
    {
        var quantizer = MakeQuantizer(out _);
        var bytes = new byte[_written];
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        using var texts = rows.GetEnumerator();
        foreach (var vector in Vectors())
        {
            texts.MoveNext();
            json.WriteStartObject();
            json.WriteString("text", texts.Current.Input?.Text);
            json.WriteStartArray("embedding");
            if (quantizer is null)
            {
                foreach (var value in vector.Span)
                    json.WriteNumberValue(value);
            }
            else
            {
                quantizer.Quantize(vector.Span, bytes);
                foreach (var value in bytes)
                    json.WriteNumberValue(precision is VectorPrecision.Int8 or VectorPrecision.Binary ? (sbyte)value : value);
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            output.WriteByte((byte)'\n');
        }
    }

    private void WriteVectors(Stream output, Quantizer? quantizer)
    {
        var bytes = new byte[_written];
        foreach (var vector in Vectors())
        {
            if (quantizer is null)
            {
                output.Write(MemoryMarshal.AsBytes(vector.Span));
                continue;
            }
            quantizer.Quantize(vector.Span, bytes);
            output.Write(bytes);
        }
    }

    // Null for floats, which stay as they are.
    private Quantizer? MakeQuantizer(out (float[] Lows, float[] Highs)? ranges)
    {
        ranges = null;
        if (precision == VectorPrecision.Float32)
            return null;
        if (!Quantizer.NeedsRanges(precision))
            return new Quantizer(precision, [], []);
        var (lows, highs) = (new float[width], new float[width]);
        lows.AsSpan().Fill(float.PositiveInfinity);
        highs.AsSpan().Fill(float.NegativeInfinity);
        foreach (var vector in Vectors())
        {
            var values = vector.Span;
            for (var i = 0; i < width; i++)
                (lows[i], highs[i]) = (Math.Min(lows[i], values[i]), Math.Max(highs[i], values[i]));
        }
        ranges = (lows, highs);
        return new Quantizer(precision, lows, highs);
    }

    // One after the other, in memory that the next one takes over.
    private IEnumerable<ReadOnlyMemory<float>> Vectors()
    {
        vectors.Position = 0;
        var vector = new float[width];
        for (var i = 0L; i < count; i++)
        {
            vectors.ReadExactly(MemoryMarshal.AsBytes(vector.AsSpan()));
            yield return vector;
        }
    }
}
