using System.Globalization;
using Gpux.Onnx;

namespace Gpux.Models.Verification;

/// <summary>Inputs that come with an ONNX model, and the outputs that its publisher computed for them: a folder test_data_set_{n} with
/// input_{i}.pb and output_{i}.pb, a TensorProto each.</summary>
/// <remarks>Source: the layout of ONNX's backend tests and of the ONNX Model Zoo.</remarks>
/// <param name="Folder">Such as "mnist-12/test_data_set_0".</param>
/// <param name="Inputs">Paths, in the order of the model's inputs.</param>
/// <param name="Outputs">Paths, in the order of the model's outputs.</param>
internal sealed record TestDataSet(string Folder, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    private const string FolderPrefix = "test_data_set_";
    private const long LimitBytes = 1L << 30;

    /// <summary>The sets among a model's files, by folder.</summary>
    /// <exception cref="InvalidTestDataException">A set has inputs or outputs that are not numbered from 0 on, or no outputs.</exception>
    public static IReadOnlyList<TestDataSet> Find(ModelFiles files) =>
    [
        .. files.Names.Where(name => name.EndsWith(".pb", StringComparison.Ordinal))
            .GroupBy(name => name[..Math.Max(0, name.LastIndexOf('/'))])
            .Where(folder => folder.Key[(folder.Key.LastIndexOf('/') + 1)..].StartsWith(FolderPrefix, StringComparison.Ordinal))
            .OrderBy(folder => folder.Key, StringComparer.Ordinal)
            .Select(folder => new TestDataSet(folder.Key, Numbered(files, folder.Key, "input"), Numbered(files, folder.Key, "output"))),
    ];

    /// <summary>Reads one tensor, with the name that it has there; it may be empty.</summary>
    /// <exception cref="InvalidTestDataException">The file holds no whole tensor.</exception>
    public static (string Name, Tensor Tensor) Read(ModelFiles files, string name)
    {
        var tensor = ReadProto(files.Require(name), name);
        var shape = new Shape(tensor.Dimensions);
        if (tensor.ElementType == ElementType.String)
        {
            return tensor.Strings.Count == shape.ElementCount
                ? (tensor.Name, Tensor.Of([.. tensor.Strings.Select(text => System.Text.Encoding.UTF8.GetString(text.Span))], shape))
                : throw new InvalidTestDataException(name, $"it holds {tensor.Strings.Count} of {shape.ElementCount} texts");
        }
        // Every element has a bit at least: more of them than that are a lie, and might overflow.
        if (tensor.ElementType.BitSize() == 0 || shape.ElementCount > tensor.Data.Length * 8L
            || tensor.ElementType.ByteSize(shape.ElementCount) != tensor.Data.Length)
            throw new InvalidTestDataException(name, "it does not hold all elements of its shape");
        var read = Tensor.Uninitialized(tensor.ElementType, shape);
        tensor.Data.Span.CopyTo(read.Bytes);
        return (tensor.Name, read);
    }

    // The reader knows models: as the initializer of an empty graph the message is part of one.
    private static OnnxTensor ReadProto(string path, string name)
    {
        var length = new FileInfo(path).Length;
        if (length > LimitBytes)
            throw new InvalidTestDataException(name, $"it has {length:N0} bytes; the limit is {LimitBytes:N0}");
        byte[] initializer = [5 << 3 | 2, .. Varint(length)];
        byte[] graph = [7 << 3 | 2, .. Varint(initializer.Length + length), .. initializer];
        var bytes = new byte[graph.Length + length];
        graph.CopyTo(bytes, 0);
        using (var file = File.OpenRead(path))
            file.ReadExactly(bytes.AsSpan(graph.Length));
        try
        {
            return OnnxReader.Read(bytes, name).Graph.Initializers is [var tensor] ? tensor
                : throw new InvalidTestDataException(name, "it holds no tensor");
        }
        catch (InvalidOnnxException exception)
        {
            throw new InvalidTestDataException(name, exception.Message, exception);
        }
    }

    private static List<byte> Varint(long number)
    {
        var bytes = new List<byte>();
        for (; number >= 0x80; number >>= 7)
            bytes.Add((byte)(number | 0x80));
        bytes.Add((byte)number);
        return bytes;
    }

    private static string[] Numbered(ModelFiles files, string folder, string kind)
    {
        var prefix = folder.Length == 0 ? $"{kind}_" : $"{folder}/{kind}_";
        var count = files.Names.Count(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(".pb", StringComparison.Ordinal));
        var names = Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}.pb")).ToArray();
        if (Array.Find(names, name => files.Find(name) is null) is { } missing)
            throw new InvalidTestDataException(missing, "it is missing, and others with higher numbers are there");
        return count > 0 || kind == "input" ? names : throw new InvalidTestDataException($"{prefix}0.pb", "it is missing");
    }
}

/// <summary>Data that come with a model to test it are damaged, or are for another model.</summary>
public sealed class InvalidTestDataException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidTestData,
    $"The test data '{file}' cannot be used: {problem}.",
    "The model may be good: use it without this check, and tell its publisher.", inner);
