using Gpux.Onnx.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Gpux.Onnx.Metadata;

/// <summary>A field of ModelProto itself, by where it lies in the file.</summary>
/// <param name="Start">Where its tag begins.</param>
/// <param name="ValueStart">Where its value begins: behind the tag and, of a message or text, behind the length.</param>
/// <param name="End">Where the next field begins.</param>
internal readonly record struct TopLevelField(int Number, WireType WireType, long Start, long ValueStart, long End)
{
    public const int ProducerName = 2, ProducerVersion = 3, DocString = 6, Graph = 7, Metadata = 14;

    /// <summary>A number that ONNX does not use (1.22 uses 1 to 8, 14, 20, 25 and 26), the last whose tag is one byte. Every protobuf
    /// parser skips it. Changing the lowest bits of a tag, its wire type, in place turns a number that is skipped into a text that is
    /// skipped: the bytes that follow appear or vanish.</summary>
    public const int Filler = 15;

    private const int MaxFields = 1 << 20;
    private const int MaxGroupDepth = 100;
    private const int LongestVarint = 10;
    private const int WindowBytes = 1 << 12;

    /// <summary>Lists the fields of a file by seeking from one to the next: a graph of gigabytes costs one read.</summary>
    /// <param name="path">What errors call the file.</param>
    /// <exception cref="InvalidOnnxException">It is no ONNX model.</exception>
    public static List<TopLevelField> ReadAll(SafeFileHandle file, string path)
    {
        var length = RandomAccess.GetLength(file);
        if (length > int.MaxValue)
            throw new InvalidOnnxException(path, "", 0, $"it has {length} bytes, and protobuf ends at 2 GiB");
        var fields = new List<TopLevelField>();
        var window = new Window(file, length, path);
        while (window.Position < length)
        {
            if (fields.Count == MaxFields)
                throw window.Invalid($"it has more than {MaxFields} fields");
            fields.Add(window.Next());
        }
        // Nearly every file begins with a number that could be a tag; a graph has none but ONNX.
        return fields.Exists(field => field is { Number: Graph, WireType: WireType.Length }) ? fields
            : throw new InvalidOnnxException(path, "", length, "it has no graph");
    }

    /// <summary>Reads tags and lengths through a small buffer that is moved along.</summary>
    private struct Window(SafeFileHandle file, long fileLength, string path)
    {
        private readonly byte[] _bytes = new byte[WindowBytes];
        private long _start = 0;
        private int _count = 0;

        public long Position { get; private set; } = 0;

        public TopLevelField Next()
        {
            var start = Position;
            var (number, wireType) = Tag();
            if (wireType == WireType.GroupEnd)
                throw Invalid("a group ends that did not begin");
            var valueStart = Value(wireType, number);
            return new TopLevelField(number, wireType, start, valueStart, Position);
        }

        public readonly InvalidOnnxException Invalid(string problem) => new(path, "", Position, problem);

        /// <returns>Where the value began.</returns>
        private long Value(WireType wireType, int number)
        {
            var start = Position;
            switch (wireType)
            {
                case WireType.Varint:
                    Varint();
                    break;
                case WireType.Length:
                    var length = Varint();
                    start = Position;
                    Skip(length);
                    break;
                case WireType.GroupStart:
                    Group(number);
                    break;
                default:
                    Skip(wireType == WireType.Fixed32 ? 4UL : 8UL);
                    break;
            }
            return start;
        }

        private void Group(int number)
        {
            Span<int> open = stackalloc int[MaxGroupDepth];
            open[0] = number;
            for (var depth = 1; depth > 0;)
            {
                var (inner, wireType) = Tag();
                if (wireType == WireType.GroupEnd)
                {
                    if (open[--depth] != inner)
                        throw Invalid($"group {open[depth]} ends as group {inner}");
                }
                else if (wireType == WireType.GroupStart)
                {
                    if (depth == MaxGroupDepth)
                        throw Invalid($"groups are nested deeper than {MaxGroupDepth}");
                    open[depth++] = inner;
                }
                else
                {
                    Value(wireType, inner);
                }
            }
        }

        private (int Number, WireType WireType) Tag()
        {
            var tag = Varint();
            return tag >> 3 is > 0 and < 1 << 29 && (tag & 7) <= (ulong)WireType.Fixed32 ? ((int)(tag >> 3), (WireType)(tag & 7))
                : throw Invalid($"{tag} is not a field's tag");
        }

        private void Skip(ulong length)
        {
            if (length > (ulong)(fileLength - Position))
                throw Invalid($"a length of {length} is stated where {fileLength - Position} bytes are left");
            Position += (long)length;
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (var i = 0; i < LongestVarint; i++)
            {
                var next = Byte();
                value |= (ulong)(next & 0x7F) << (7 * i);
                if (next < 0x80)
                    return value;
            }
            throw Invalid($"a number is longer than {LongestVarint} bytes");
        }

        private byte Byte()
        {
            if (Position < _start || Position >= _start + _count)
            {
                if (Position >= fileLength)
                    throw Invalid("the file ends within a field");
                _start = Position;
                _count = RandomAccess.Read(file, _bytes, _start);
                if (_count == 0)
                    throw Invalid("the file became shorter while it was read");
            }
            return _bytes[Position++ - _start];
        }
    }
}
