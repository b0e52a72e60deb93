using System.Buffers;

namespace Gpux.Onnx.Protobuf;

/// <summary>Collects the fields of a message that the reader does not know. Neighbours stay a slice of the file.</summary>
internal struct UnknownFields
{
    private int _start;
    private int _end;
    // Only for fields that lie apart.
    private ArrayBufferWriter<byte>? _copy;

    public void Add(ReadOnlySpan<byte> file, int start, int end)
    {
        if (_copy is null && (_end == 0 || start == _end))
        {
            _start = _end == 0 ? start : _start;
            _end = end;
            return;
        }
        if (_copy is null)
        {
            _copy = new ArrayBufferWriter<byte>();
            _copy.Write(file[_start.._end]);
        }
        _copy.Write(file[start..end]);
    }

    public readonly ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> file) => _copy?.WrittenMemory ?? file[_start.._end];
}
