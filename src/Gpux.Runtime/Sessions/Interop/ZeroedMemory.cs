using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Native memory of any size, which the system need not provide before it is written.</summary>
internal sealed unsafe class ZeroedMemory : OrtHandle
{
    private ZeroedMemory(nint memory) : base(memory)
    {
    }

    /// <summary>A tensor of zeros.</summary>
    /// <exception cref="SessionMemoryException">There is not that much.</exception>
    public static Tensor Allocate(ElementType elementType, Shape shape)
    {
        try
        {
            var memory = NativeMemory.AllocZeroed(checked((nuint)elementType.ByteSize(shape.ElementCount)));
            return new Tensor(elementType, shape, (byte*)memory, new ZeroedMemory((nint)memory));
        }
        catch (Exception exception) when (exception is OutOfMemoryException or OverflowException)
        {
            throw new SessionMemoryException($"There is not enough memory for a tensor {elementType}{shape}.",
                "Use a shorter context or a smaller batch, or free memory.");
        }
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
