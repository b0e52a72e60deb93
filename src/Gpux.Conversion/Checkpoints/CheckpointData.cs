using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints.Zip;

namespace Gpux.Conversion.Checkpoints;

/// <summary>The elements of a checkpoint's tensors: mapped and not read, or copied where a tensor has a layout of its own.</summary>
public sealed unsafe class CheckpointData
{
    private readonly ModelFiles? _files;
    private readonly Dictionary<string, FileBytes> _opened = [];
    // Tensors that share a compressed part follow one another.
    private (string File, FilePart Part, NativeBytes Bytes)? _inflated;

    /// <param name="files">The repository's files that the tensors lie in.</param>
    public CheckpointData(ModelFiles files) => _files = files;

    /// <param name="file">What all tensors lie in.</param>
    internal CheckpointData(FileBytes file) => _opened.Add(file.Name, file);

    /// <summary>A tensor over the file's bytes, or over a copy. It stays valid for as long as it is referred to.</summary>
    /// <exception cref="InvalidCheckpointException">The file changed after its header was read, or its compressed data is damaged.</exception>
    public Tensor Open(CheckpointTensor tensor)
    {
        if (!_opened.TryGetValue(tensor.File, out var file))
            _opened.Add(tensor.File, file = new FileBytes(_files!.Require(tensor.File), tensor.File)); // given where no file is
        // The header was checked against the file's size when it was read; the file may have changed since.
        var end = tensor.Layout?.Parts.Max(part => part.Offset + part.Length) ?? tensor.Offset + tensor.ByteCount;
        if (end > file.Length)
            throw new InvalidCheckpointException(tensor.File, "it became shorter after its header was read");
        return tensor.Layout is { } layout ? Arrange(tensor, layout, file)
            : new Tensor(tensor.ElementType, tensor.Shape, file.Data + tensor.Offset, file);
    }

    private Tensor Arrange(CheckpointTensor tensor, TensorLayout layout, FileBytes file)
    {
        var elementBytes = tensor.ElementType.BitSize() / 8;
        var arranged = new NativeBytes(tensor.ByteCount);
        if (tensor.ByteCount > 0)
        {
            var (source, owner) = Source(layout, file);
            Gather((byte*)source + layout.Start, arranged.Data, elementBytes, tensor.Shape.Dimensions.AsSpan(), layout.Strides.AsSpan());
            GC.KeepAlive(owner);
        }
        var isComplex = tensor.ElementType is ElementType.Complex64 or ElementType.Complex128;
        Correct(arranged, layout, isComplex ? elementBytes / 2 : elementBytes, isComplex);
        return new Tensor(tensor.ElementType, tensor.Shape, arranged.Data, arranged);
    }

    private (nint Source, object Owner) Source(TensorLayout layout, FileBytes file)
    {
        if (layout.InflatedBytes is { } inflatedBytes)
        {
            var part = layout.Parts[0];
            if (_inflated is { } last && last.File == file.Name && last.Part == part && last.Bytes.Length == inflatedBytes)
                return (last.Bytes.Address, last.Bytes);
            var bytes = new NativeBytes(inflatedBytes);
            Inflater.Inflate(file.Data + part.Offset, part.Length, bytes.Data, inflatedBytes, file.Name);
            _inflated = (file.Name, part, bytes);
            return (bytes.Address, bytes);
        }
        if (layout.Parts is [var only])
            return ((nint)(file.Data + only.Offset), file);
        var joined = new NativeBytes(layout.SourceBytes);
        long position = 0;
        foreach (var part in layout.Parts)
        {
            Buffer.MemoryCopy(file.Data + part.Offset, joined.Data + position, joined.Length - position, part.Length);
            position += part.Length;
        }
        return (joined.Address, joined);
    }

    // Copies elements row by row. The two innermost dimensions are a plane, the others count like an odometer.
    private static void Gather(byte* source, byte* target, int elementBytes, ReadOnlySpan<long> dimensions, ReadOnlySpan<long> strides)
    {
        var outer = Math.Max(dimensions.Length - 2, 0);
        var plane = new Plane(
            dimensions.Length < 2 ? 1 : dimensions[^2], dimensions.Length < 1 ? 1 : dimensions[^1],
            dimensions.Length < 2 ? 0 : strides[^2], dimensions.Length < 1 ? 1 : strides[^1]);
        Span<long> index = stackalloc long[outer];
        index.Clear();
        while (true)
        {
            Copy(source, target, elementBytes, plane);
            target += plane.Rows * plane.Columns * elementBytes;
            var axis = outer - 1;
            for (; axis >= 0; axis--)
            {
                source += strides[axis] * elementBytes;
                if (++index[axis] < dimensions[axis])
                    break;
                source -= dimensions[axis] * strides[axis] * elementBytes;
                index[axis] = 0;
            }
            if (axis < 0)
                return;
        }
    }

    private static void Copy(byte* source, byte* target, int elementBytes, Plane plane)
    {
        if (plane.ColumnStride == 1)
        {
            var rowBytes = plane.Columns * elementBytes;
            for (long row = 0; row < plane.Rows; row++)
                Buffer.MemoryCopy(source + row * plane.RowStride * elementBytes, target + row * rowBytes, rowBytes, rowBytes);
            return;
        }
        switch (elementBytes)
        {
            case 1: Copy<byte>(source, target, plane); break;
            case 2: Copy<ushort>(source, target, plane); break;
            case 4: Copy<uint>(source, target, plane); break;
            case 8: Copy<ulong>(source, target, plane); break;
            default: Copy<UInt128>(source, target, plane); break;
        }
    }

    // Tile by tile, so that lines of the cache are used whole on both sides of a transposition.
    private static void Copy<T>(byte* source, byte* target, Plane plane) where T : unmanaged
    {
        const int Tile = 32;
        var from = (T*)source;
        var to = (T*)target;
        for (long firstRow = 0; firstRow < plane.Rows; firstRow += Tile)
        {
            var endRow = Math.Min(firstRow + Tile, plane.Rows);
            for (long firstColumn = 0; firstColumn < plane.Columns; firstColumn += Tile)
            {
                var endColumn = Math.Min(firstColumn + Tile, plane.Columns);
                for (var row = firstRow; row < endRow; row++)
                    for (var column = firstColumn; column < endColumn; column++)
                        to[row * plane.Columns + column] = from[row * plane.RowStride + column * plane.ColumnStride];
            }
        }
    }

    // Byte order, and signs that PyTorch left to be changed by the reader.
    private static void Correct(NativeBytes bytes, TensorLayout layout, int numberBytes, bool isComplex)
    {
        if (layout.IsBigEndian && numberBytes > 1)
        {
            for (long i = 0; i < bytes.Length; i += numberBytes)
                new Span<byte>(bytes.Data + i, numberBytes).Reverse();
        }
        var signs = (Real: layout.IsNegated, Imaginary: layout.IsNegated != (layout.IsConjugated && isComplex));
        if (!signs.Real && !signs.Imaginary)
            return;
        // Little-endian: the sign is the highest bit of a number's last byte.
        var isImaginary = false;
        for (var i = numberBytes - 1L; i < bytes.Length; i += numberBytes)
        {
            if (isImaginary ? signs.Imaginary : signs.Real)
                bytes.Data[i] ^= 0x80;
            isImaginary = isComplex && !isImaginary;
        }
    }

    /// <summary>Two dimensions of a source; strides in elements.</summary>
    private readonly record struct Plane(long Rows, long Columns, long RowStride, long ColumnStride);

    /// <summary>Memory outside of the collected heap, which holds more than 2 GiB; freed when nothing refers to it.</summary>
    private sealed class NativeBytes : SafeHandle
    {
        public NativeBytes(long length) : base(0, ownsHandle: true)
        {
            Length = length;
            SetHandle((nint)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), 64));
        }

        public long Length { get; }
        public nint Address => handle;
        public byte* Data => (byte*)handle;
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.AlignedFree((void*)handle);
            return true;
        }
    }
}
