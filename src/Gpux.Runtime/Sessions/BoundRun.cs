using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Sessions;

/// <summary>Runs of a model whose inputs and outputs are bound once and then stay: a run allocates no managed memory.</summary>
/// <remarks>For one thread at a time; several bound runs of one session may run at once. It may outlive its session.</remarks>
public sealed unsafe class BoundRun : IDisposable
{
    private const int NotBound = -1;
    private const int NotCarried = -1;

    private readonly InferenceSession _session;
    private readonly BindingHandle _binding;
    private readonly RunOptionsHandle _options;
    private readonly Input[] _inputs;
    private readonly Output[] _outputs;
    private int _boundOutputCount;
    private bool _hasRun;

    internal BoundRun(InferenceSession session, RunOptions? options)
    {
        _session = session;
        _binding = new BindingHandle(session.Handle, session.Inputs.Length);
        _options = new RunOptionsHandle(options);
        _inputs = new Input[session.Inputs.Length];
        _outputs = new Output[session.Outputs.Length];
        var inputMemory = SessionReader.InputMemory(session);
        for (var i = 0; i < _inputs.Length; i++)
            _inputs[i] = new Input { Memory = inputMemory[i], CarriedFrom = NotCarried };
        var outputMemory = SessionReader.OutputMemory(session);
        for (var i = 0; i < _outputs.Length; i++)
            _outputs[i] = new Output { Memory = outputMemory[i], Position = NotBound };
    }

    /// <summary>What an output is after a run. Valid until the next run or binding.</summary>
    /// <exception cref="SessionOutputException">There is no such output, or it is not bound.</exception>
    /// <exception cref="InvalidOperationException">There was no run yet, or the output lies on a device or holds strings.</exception>
    public BoundOutput this[string output] => View(BoundIndex(output));

    /// <summary>Binds a tensor to an input, in place of what was bound to it before. Each run reads its elements anew; strings are
    /// read now.</summary>
    /// <exception cref="SessionInputException">There is no such input, or the tensor does not fit.</exception>
    public void BindInput(string name, Tensor tensor)
    {
        var index = ValueCheck.InputIndex(_session.Inputs, name);
        ref var input = ref _inputs[index];
        var value = OrtTensors.Wrap(ValueCheck.Input(_session.Inputs[index], tensor));
        _binding.BindInput(_session.InputName(index), value);
        // What a device reads is a copy made at the binding, so that each run has to bind the value again.
        _binding.Keep(index, OrtMemory.IsCpu(input.Memory) ? 0 : value);
        if (OrtMemory.IsCpu(input.Memory))
            OrtApi.ReleaseValue(value);
        (input.IsBound, input.Tensor) = (true, tensor);
    }

    /// <summary>Has runs write an output into a tensor, whose shape must be what the model will compute.</summary>
    /// <exception cref="SessionOutputException">There is no such output, or the tensor does not fit.</exception>
    public void BindOutput(string name, Tensor tensor)
    {
        var index = ValueCheck.OutputIndex(_session.Outputs, name);
        ValueCheck.Output(_session.Outputs[index], tensor);
        var value = OrtTensors.Wrap(tensor);
        _binding.BindOutput(_session.OutputName(index), value);
        OrtApi.ReleaseValue(value);
        Bound(index, tensor, freeIn: 0);
    }

    /// <summary>Has runs make an output of whichever shape they compute.</summary>
    /// <param name="place">Where: the CPU's memory, or that of the device that computes it, for <see cref="Carry"/>.</param>
    /// <exception cref="SessionOutputException">There is no such output.</exception>
    /// <exception cref="UnsupportedValueException">The output is no tensor.</exception>
    public void BindOutput(string name, OutputPlace place = OutputPlace.Cpu)
    {
        var index = ValueCheck.OutputIndex(_session.Outputs, name);
        BindFree(index, place == OutputPlace.Cpu ? OrtMemory.Cpu : _outputs[index].Memory);
    }

    /// <summary>Makes the output of each run an input of the next, without a copy, as a decoder does with its cache. The first run
    /// needs an input bound by <see cref="BindInput"/>, which also starts over at any time.</summary>
    /// <exception cref="ArgumentException">The two are of different element types.</exception>
    public void Carry(string output, string input)
    {
        var (from, to) = (ValueCheck.OutputIndex(_session.Outputs, output), ValueCheck.InputIndex(_session.Inputs, input));
        RequireSameType(from, to);
        // It may be carried to several inputs.
        if (_outputs[from].FreeIn != _inputs[to].Memory)
            BindFree(from, _inputs[to].Memory);
        _inputs[to].CarriedFrom = from;
    }

    /// <summary>Gives an input and an output one piece of memory, for operators that update a cache in place, such as
    /// GroupQueryAttention. Zeros in the CPU's memory; on a device not initialised.</summary>
    /// <exception cref="ArgumentException">The two are of different element types.</exception>
    /// <exception cref="SessionInputException">The shape does not fit the input.</exception>
    /// <exception cref="SessionOutputException">The shape does not fit the output.</exception>
    public void BindShared(string input, string output, Shape shape)
    {
        var (from, to) = (ValueCheck.OutputIndex(_session.Outputs, output), ValueCheck.InputIndex(_session.Inputs, input));
        RequireSameType(from, to);
        var elementType = _session.Inputs[to].ElementType;
        if (OrtMemory.IsCpu(_inputs[to].Memory))
        {
            var tensor = ZeroedMemory.Allocate(elementType, shape);
            BindInput(input, tensor);
            BindOutput(output, tensor);
            return;
        }
        var value = _binding.Allocate(elementType, shape, _inputs[to].Memory);
        _binding.BindInput(_session.InputName(to), value);
        _binding.BindOutput(_session.OutputName(from), value);
        _binding.Keep(to, 0);
        OrtApi.ReleaseValue(value);
        (_inputs[to].IsBound, _inputs[to].Tensor) = (true, null);
        Bound(from, tensor: null, freeIn: 0);
    }

    /// <summary>Runs the model on what is bound.</summary>
    /// <exception cref="SessionException">An input is not bound, or a node failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, and the run ended at the node that it was at. The
    /// bindings remain usable.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireBindings();
        using var binding = new HandleUse(_binding);
        using var options = new HandleUse(_options);
        _hasRun = false;
        _binding.ReleaseOutputs();
        Rebind();
        if (_session.HasDevices)
            OrtStatus.Check(OrtApi.SynchronizeBoundInputs(binding.Value));
        using var recording = _session.RecordingFor(_options);
        nint status;
        using (_session.EnterRun(recording, cancellationToken))
        using (_options.TerminateOn(cancellationToken))
            status = OrtApi.RunWithBinding(_session.Handle.Value, options.Value, binding.Value);
        if (cancellationToken.IsCancellationRequested)
            _options.Revive();
        if (recording is not null)
            _options.EndRecord();
        _session.CheckRun(status, recording, cancellationToken);
        if (_session.HasDevices)
            OrtStatus.Check(OrtApi.SynchronizeBoundOutputs(binding.Value));
        _hasRun = true;
        CarryOver();
    }

    /// <summary>An output of the last run as a tensor that outlives it; for an output bound to a tensor, that one.</summary>
    /// <inheritdoc cref="this"/>
    public Tensor Take(string output)
    {
        var index = BoundIndex(output);
        RequireReadable(index);
        ref var taken = ref _outputs[index];
        return taken.Tensor ?? (taken.Taken ??= OrtTensors.Take(_binding.TakeOutput(taken.Position), []));
    }

    public void Dispose()
    {
        _binding.Dispose();
        _options.Dispose();
    }

    private BoundOutput View(int index)
    {
        RequireReadable(index);
        return (_outputs[index].Tensor ?? _outputs[index].Taken) is { } tensor
            ? new BoundOutput(tensor)
            : new BoundOutput(_binding.Output(_outputs[index].Position));
    }

    private void RequireReadable(int index)
    {
        if (!_hasRun)
            throw new InvalidOperationException("There is no output to read: no run has been completed since the bindings changed.");
        ref var output = ref _outputs[index];
        if (output.Tensor is null && !OrtMemory.IsCpu(output.FreeIn != 0 ? output.FreeIn : output.Memory))
            throw new InvalidOperationException(
                $"The output '{_session.Outputs[index].Name}' lies on a device. Bind it to {nameof(OutputPlace)}.{nameof(OutputPlace.Cpu)} to read it.");
    }

    private int BoundIndex(string output)
    {
        var index = ValueCheck.OutputIndex(_session.Outputs, output);
        return _outputs[index].Position != NotBound ? index
            : throw new SessionOutputException(output, $"The output '{output}' is not bound, so runs do not compute it.", "Bind it before the run.");
    }

    private void RequireSameType(int output, int input)
    {
        var (from, to) = (_session.Outputs[output], _session.Inputs[input]);
        if (from.ElementType != to.ElementType || from.Kind != ValueKind.Tensor || to.Kind != ValueKind.Tensor)
            throw new ArgumentException($"The output {from} cannot become the input {to}.");
    }

    private void BindFree(int index, nint memory)
    {
        var output = _session.Outputs[index];
        if (output.Kind != ValueKind.Tensor)
            throw ValueCheck.Unreadable(output.Name, output.Description);
        _binding.BindOutputToDevice(_session.OutputName(index), memory);
        Bound(index, tensor: null, freeIn: memory);
    }

    private void Bound(int index, Tensor? tensor, nint freeIn)
    {
        ref var output = ref _outputs[index];
        (output.Tensor, output.Taken, output.FreeIn) = (tensor, null, freeIn);
        // ONNX Runtime keeps the place of an output that is bound again.
        if (output.Position == NotBound)
            output.Position = _boundOutputCount++;
        foreach (ref var input in _inputs.AsSpan())
            if (input.CarriedFrom == index)
                input.CarriedFrom = NotCarried;
        _hasRun = false;
    }

    private void RequireBindings()
    {
        for (var i = 0; i < _inputs.Length; i++)
            if (!_inputs[i].IsBound)
                ValueCheck.Input(_session.Inputs[i], tensor: null);
        if (_boundOutputCount == 0)
            throw new SessionOutputException("", $"No output of '{_session.Model}' is bound, so there is nothing to compute.", "Bind the outputs to compute before the run.");
    }

    private void Rebind()
    {
        // Without this, ONNX Runtime would write into the last run's values, whose shapes may not fit and which may be inputs now.
        for (var i = 0; i < _outputs.Length; i++)
            if (_outputs[i].FreeIn != 0)
            {
                _binding.BindOutputToDevice(_session.OutputName(i), _outputs[i].FreeIn);
                _outputs[i].Taken = null;
            }
        for (var i = 0; i < _inputs.Length; i++)
            if (_binding.Kept(i) is not 0 and var value)
                _binding.BindInput(_session.InputName(i), value);
    }

    private void CarryOver()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            ref var input = ref _inputs[i];
            if (input.CarriedFrom == NotCarried)
                continue;
            _binding.BindInput(_session.InputName(i), _binding.Output(_outputs[input.CarriedFrom].Position));
            _binding.Keep(i, 0);
            input.Tensor = null;
        }
    }

    private struct Input
    {
        /// <summary>Where the model reads it.</summary>
        public nint Memory;

        public bool IsBound;

        /// <summary>What is bound, which must live as long as it is.</summary>
        public Tensor? Tensor;

        /// <summary>The output that takes its place after a run.</summary>
        public int CarriedFrom;
    }

    private struct Output
    {
        /// <summary>Where the model computes it.</summary>
        public nint Memory;

        /// <summary>What is bound, if it is a tensor.</summary>
        public Tensor? Tensor;

        /// <summary>The last run's, if it was taken.</summary>
        public Tensor? Taken;

        /// <summary>The memory in which runs make it, or 0 if they write into what is bound.</summary>
        public nint FreeIn;

        /// <summary>Its place among the bound outputs.</summary>
        public int Position;
    }
}

/// <summary>Where runs make an output.</summary>
public enum OutputPlace
{
    Cpu,

    /// <summary>In the memory of whatever computes it.</summary>
    Device,
}

/// <summary>An output of a bound run, in place.</summary>
public readonly unsafe ref struct BoundOutput
{
    private readonly byte* _data;

    internal BoundOutput(Tensor tensor)
    {
        ElementType = InPlace(tensor.ElementType);
        Dimensions = tensor.Shape.Dimensions.AsSpan();
        _data = tensor.Data;
    }

    internal BoundOutput(nint value)
    {
        int elementType;
        long* dimensions;
        nuint rank;
        OrtStatus.Check(OrtApi.GetTensorElementTypeAndShapeDataReference(value, &elementType, &dimensions, &rank));
        ElementType = InPlace(OrtElementTypes.Read(elementType));
        Dimensions = new ReadOnlySpan<long>(dimensions, (int)rank);
        void* data;
        OrtStatus.Check(OrtApi.GetTensorMutableData(value, &data));
        _data = (byte*)data;
    }

    private static ElementType InPlace(ElementType type) => type != ElementType.String ? type
        : throw new InvalidOperationException($"The output holds strings, which are no elements in memory: use {nameof(BoundRun.Take)}.");

    public ElementType ElementType { get; }
    public ReadOnlySpan<long> Dimensions { get; }

    /// <summary>The address of the first element.</summary>
    public byte* Data => _data;

    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (var dimension in Dimensions)
                count *= dimension;
            return count;
        }
    }

    /// <summary>The elements. Half and bfloat16 may also be read as <see cref="ushort"/>.</summary>
    /// <exception cref="InvalidOperationException">The elements are of another size.</exception>
    /// <exception cref="OverflowException">2^31 elements or more.</exception>
    public ReadOnlySpan<T> AsSpan<T>() where T : unmanaged => sizeof(T) * 8 == ElementType.BitSize()
        ? new ReadOnlySpan<T>(_data, checked((int)ElementCount))
        : throw new InvalidOperationException($"Elements of type {ElementType} cannot be read as {typeof(T).Name}.");
}
