namespace Gpux.Runtime.Sessions.Interop;

/// <summary>An OrtIoBinding and the native objects that live as long as it does.</summary>
internal sealed unsafe class BindingHandle : OrtHandle
{
    private readonly SessionHandle _session;

    // Per input the value to bind again before each run, or 0.
    private readonly nint[] _kept;

    // Values in device memory come from these, and go back to them.
    private readonly Dictionary<nint, nint> _allocators = [];
    private nint* _outputs;
    private int _outputCount;

    /// <exception cref="ObjectDisposedException">The session is disposed of.</exception>
    public BindingHandle(SessionHandle session, int inputCount) : base(0)
    {
        var referenced = false;
        session.DangerousAddRef(ref referenced);
        _session = session;
        _kept = new nint[inputCount];
        nint binding;
        var status = OrtApi.CreateIoBinding(session.Value, &binding);
        if (status != 0)
            session.DangerousRelease();
        OrtStatus.Check(status);
        SetHandle(binding);
    }

    public void BindInput(byte* name, nint value) => OrtStatus.Check(OrtApi.BindInput(handle, name, value));

    public void BindOutput(byte* name, nint value) => OrtStatus.Check(OrtApi.BindOutput(handle, name, value));

    public void BindOutputToDevice(byte* name, nint memory) => OrtStatus.Check(OrtApi.BindOutputToDevice(handle, name, memory));

    public nint Kept(int input) => _kept[input];

    /// <summary>Takes over a value to bind again before each run; 0 for none.</summary>
    public void Keep(int input, nint value)
    {
        Release(_kept[input]);
        _kept[input] = value;
    }

    /// <summary>A value in memory of one of the session's devices, not initialised. The caller releases it.</summary>
    public nint Allocate(ElementType elementType, Shape shape, nint memory)
    {
        if (!_allocators.TryGetValue(memory, out var allocator))
        {
            OrtStatus.Check(OrtApi.CreateAllocator(_session.Value, memory, &allocator));
            _allocators.Add(memory, allocator);
        }
        nint value;
        fixed (long* dimensions = shape.Dimensions.AsSpan())
            OrtStatus.Check(OrtApi.CreateTensorAsOrtValue(
                allocator, dimensions, (nuint)shape.Rank, OrtElementTypes.Write(elementType), &value));
        return value;
    }

    /// <summary>The value of a bound output after a run, by its place in the order of binding.</summary>
    public nint Output(int position)
    {
        if (_outputs is null)
        {
            nint* outputs;
            nuint count;
            OrtStatus.Check(OrtApi.GetBoundOutputValues(handle, OrtMemory.DefaultAllocator, &outputs, &count));
            _outputs = outputs;
            _outputCount = (int)count;
        }
        return _outputs[position];
    }

    /// <summary>The same, once, to be released by the caller.</summary>
    public nint TakeOutput(int position)
    {
        var value = Output(position);
        _outputs[position] = 0;
        return value;
    }

    /// <summary>Lets go of the last run's outputs.</summary>
    public void ReleaseOutputs()
    {
        if (_outputs is null)
            return;
        for (var i = 0; i < _outputCount; i++)
            Release(_outputs[i]);
        OrtStatus.Check(OrtApi.AllocatorFree(OrtMemory.DefaultAllocator, _outputs));
        _outputs = null;
    }

    protected override bool ReleaseHandle()
    {
        ReleaseOutputs();
        foreach (var value in _kept)
            Release(value);
        OrtApi.ReleaseIoBinding(handle);
        foreach (var allocator in _allocators.Values)
            OrtApi.ReleaseAllocator(allocator);
        _session.DangerousRelease();
        return true;
    }

    private static void Release(nint value)
    {
        if (value != 0)
            OrtApi.ReleaseValue(value);
    }
}
