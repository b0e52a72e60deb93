using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>A native object that is released when the last user of it is done, even if disposed of meanwhile.</summary>
internal abstract class OrtHandle : SafeHandle
{
    private volatile bool _isDisposed;

    protected OrtHandle(nint value) : base(0, ownsHandle: true) => SetHandle(value);

    /// <summary>Whether the owner is done with it. SafeHandle's own IsClosed says so only when the last user is done too.</summary>
    public bool IsDisposed => _isDisposed;

    public override bool IsInvalid => handle == 0;

    /// <summary>The native object, for callers that hold a reference or own the handle.</summary>
    public nint Value => handle;

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>An OrtSession, and the names of its inputs and outputs for as long as calls may use them.</summary>
internal sealed unsafe class SessionHandle(nint session) : OrtHandle(session)
{
    private nint[]? _inputNames;
    private nint[]? _outputNames;

    /// <summary>Takes over C strings that ONNX Runtime allocated; those still 0 may come later.</summary>
    public void Own(nint[] inputNames, nint[] outputNames) => (_inputNames, _outputNames) = (inputNames, outputNames);

    protected override bool ReleaseHandle()
    {
        OrtApi.ReleaseSession(handle);
        Free(_inputNames);
        Free(_outputNames);
        return true;
    }

    private static void Free(nint[]? names)
    {
        if (names is null)
            return;
        foreach (var name in names)
            if (name != 0)
                _ = OrtApi.AllocatorFree(OrtMemory.DefaultAllocator, (void*)name);
    }
}

/// <summary>An OrtValue that tensors point into.</summary>
internal sealed class ValueHandle : OrtHandle
{
    private readonly long _byteCount;

    public ValueHandle(nint value, long byteCount) : base(value)
    {
        _byteCount = byteCount;
        // Without it the collector sees a few bytes where gigabytes may hang, and lets them pile up.
        if (byteCount > 0)
            GC.AddMemoryPressure(byteCount);
    }

    protected override bool ReleaseHandle()
    {
        OrtApi.ReleaseValue(handle);
        if (_byteCount > 0)
            GC.RemoveMemoryPressure(_byteCount);
        return true;
    }
}

/// <summary>Keeps a native object from being released while a call uses it.</summary>
internal readonly ref struct HandleUse
{
    private readonly OrtHandle _handle;

    /// <exception cref="ObjectDisposedException">The owner has disposed of the handle, even if others still use it.</exception>
    public HandleUse(OrtHandle handle)
    {
        ObjectDisposedException.ThrowIf(handle.IsDisposed, handle);
        var referenced = false;
        handle.DangerousAddRef(ref referenced);
        _handle = handle;
    }

    public nint Value => _handle.Value;

    public void Dispose() => _handle.DangerousRelease();
}
