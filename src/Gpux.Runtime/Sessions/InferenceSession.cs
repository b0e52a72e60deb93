using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Sessions;

/// <summary>A model, loaded and ready to run. All members may be used from several threads at once; disposing of a session
/// while others run it lets them finish.</summary>
public sealed unsafe class InferenceSession : IDisposable
{
    // Above this many values, as decoders with a cache have, arrays take the stack's place.
    private const int StackValues = 64;

    private readonly SessionHandle _handle;
    private readonly nint[] _inputNames;
    private readonly nint[] _outputNames;
    private readonly bool _isProfiled;
    private readonly RunGate _gate = new();
    private readonly Lock _metadataGate = new();
    private volatile bool _mustCheckPlacement;

    private InferenceSession(SessionHandle handle, string model, SessionOptions options)
    {
        _handle = handle;
        Model = model;
        HasDevices = !options.ExecutionProviders.IsDefaultOrEmpty;
        _isProfiled = options.ProfilingPrefix is not null;
        _inputNames = new nint[SessionReader.InputCount(handle)];
        _outputNames = new nint[SessionReader.OutputCount(handle)];
        handle.Own(_inputNames, _outputNames);
        Inputs = SessionReader.Inputs(handle, _inputNames);
        Outputs = SessionReader.Outputs(handle, _outputNames);
        _mustCheckPlacement = options.RequireGpu;
    }

    /// <summary>The path of the model, or words for a model in memory.</summary>
    public string Model { get; }

    public ImmutableArray<ValueInfo> Inputs { get; }
    public ImmutableArray<ValueInfo> Outputs { get; }

    /// <summary>What the model file says of itself.</summary>
    public ModelMetadata Metadata
    {
        get
        {
            lock (_metadataGate)
                return field ??= SessionReader.Metadata(_handle);
        }
    }

    internal SessionHandle Handle => _handle;

    /// <summary>Whether values may lie in other memory than the CPU's.</summary>
    internal bool HasDevices { get; }

    internal byte* InputName(int index) => (byte*)_inputNames[index];

    internal byte* OutputName(int index) => (byte*)_outputNames[index];

    /// <summary>Loads a model from a file.</summary>
    /// <param name="cancellationToken">Ends the loading of a large model before it is done.</param>
    /// <exception cref="SessionException">The model or its weights are missing, damaged, too new, or need operators or execution
    /// providers that this ONNX Runtime does not have.</exception>
    public static InferenceSession Open(string path, SessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (!File.Exists(path))
            throw new ModelFileMissingException(path);
        options ??= SessionOptions.Default;
        using var native = Prepare(options, cancellationToken);
        nint session = 0, status;
        fixed (byte* pathText = OrtText.Path(path))
        using (native.CancelLoadingOn(cancellationToken))
            status = OrtApi.CreateSession(OrtEnvironment.Value, pathText, native.Value, &session);
        return Opened(status, session, path, [], options, cancellationToken);
    }

    /// <summary>Loads a model from memory, which ONNX Runtime copies. External weights are looked for in
    /// <see cref="SessionOptions.ExternalWeightsFolder"/>.</summary>
    /// <inheritdoc cref="Open(string, SessionOptions, CancellationToken)"/>
    public static InferenceSession Open(
        ReadOnlySpan<byte> model, SessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= SessionOptions.Default;
        using var native = Prepare(options, cancellationToken);
        nint session = 0, status;
        fixed (byte* bytes = model)
        using (native.CancelLoadingOn(cancellationToken))
            status = OrtApi.CreateSessionFromArray(OrtEnvironment.Value, bytes, (nuint)model.Length, native.Value, &session);
        return Opened(status, session, "(in memory)", model, options, cancellationToken);
    }

    private static SessionOptionsHandle Prepare(SessionOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Placement.Check(options);
        // Execution providers are added with the environment's help, so it comes first.
        _ = OrtEnvironment.Value;
        return new SessionOptionsHandle(options);
    }

    private static InferenceSession Opened(
        nint status, nint session, string model, ReadOnlySpan<byte> bytes, SessionOptions options, CancellationToken cancellationToken)
    {
        if (status != 0)
        {
            var error = OrtStatus.Take(status);
            if (error.Code == OrtErrorCode.ModelLoadCanceled)
                cancellationToken.ThrowIfCancellationRequested();
            throw SessionErrors.Open(error, model, bytes, options);
        }
        var handle = new SessionHandle(session);
        try
        {
            return new InferenceSession(handle, model, options);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">A tensor for each input; they must not change before the run is done.</param>
    /// <param name="outputs">The outputs wanted, which may spare ONNX Runtime work. Null: all.</param>
    /// <exception cref="SessionException">Inputs do not fit the model, an output does not exist or is of a kind that cannot be
    /// read, or a node failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, and the run ended at the node that it was at. The
    /// session remains usable.</exception>
    public SessionOutputs Run(IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs = null,
        RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var native = RunOptionsFor(options, cancellationToken);
        using var recording = RecordingFor(native);
        return Run(inputs, outputs, native, recording, cancellationToken);
    }

    /// <summary>Runs the model on a thread of .NET's pool.</summary>
    /// <remarks>ONNX Runtime's own RunAsync is not used: it runs the model on a worker of the intra-op pool, which is then missing
    /// among those that share the work of each operator, and it does not work without such workers.</remarks>
    /// <inheritdoc cref="Run(IReadOnlyDictionary{string, Tensor}, IReadOnlyList{string}, RunOptions, CancellationToken)"/>
    public Task<SessionOutputs> RunAsync(IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs = null,
        RunOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Run(inputs, outputs, options, cancellationToken), cancellationToken);

    /// <summary>Runs the model into tensors of the caller, and allocates no others.</summary>
    /// <param name="inputs">A tensor for each input.</param>
    /// <param name="outputs">The outputs wanted, of exactly the shapes that the model will compute; not strings.</param>
    /// <inheritdoc cref="Run(IReadOnlyDictionary{string, Tensor}, IReadOnlyList{string}, RunOptions, CancellationToken)"/>
    [SkipLocalsInit]
    public void Run(ReadOnlySpan<NamedTensor> inputs, ReadOnlySpan<NamedTensor> outputs,
        RunOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var native = RunOptionsFor(options, cancellationToken);
        using var recording = RecordingFor(native);
        var inputValues = Inputs.Length <= StackValues ? stackalloc nint[Inputs.Length] : new nint[Inputs.Length];
        var outputValues = outputs.Length <= StackValues ? stackalloc nint[outputs.Length] : new nint[outputs.Length];
        var outputNames = outputs.Length <= StackValues ? stackalloc nint[outputs.Length] : new nint[outputs.Length];
        inputValues.Clear();
        outputValues.Clear();
        try
        {
            ValueCheck.NoOthers(Inputs, inputs);
            for (var i = 0; i < Inputs.Length; i++)
                inputValues[i] = OrtTensors.Wrap(ValueCheck.Input(Inputs[i], ValueCheck.Find(inputs, Inputs[i].Name, i)));
            for (var i = 0; i < outputs.Length; i++)
            {
                var index = ValueCheck.OutputIndex(Outputs, outputs[i].Name);
                ValueCheck.Output(Outputs[index], outputs[i].Tensor);
                outputNames[i] = _outputNames[index];
                outputValues[i] = OrtTensors.Wrap(outputs[i].Tensor);
            }
            Run(inputValues, outputNames, outputValues, native, recording, cancellationToken);
        }
        finally
        {
            Release(inputValues);
            Release(outputValues);
        }
        // The values point into the tensors, which therefore must outlive the run.
        foreach (var input in inputs)
            GC.KeepAlive(input.Tensor);
        foreach (var output in outputs)
            GC.KeepAlive(output.Tensor);
    }

    /// <summary>Prepares runs that bind inputs and outputs once and then allocate nothing: for decoding steps and servers.</summary>
    public BoundRun Bind(RunOptions? options = null) => new(this, options);

    /// <summary>Runs the model once and says which nodes ran on which execution provider, and for how long.</summary>
    /// <param name="inputs">Examples. Nodes that these do not reach, as in the untaken branch of an If, are not in the report.</param>
    /// <exception cref="InvalidOperationException">The session already writes a profile (<see cref="SessionOptions.ProfilingPrefix"/>).</exception>
    /// <inheritdoc cref="Run(IReadOnlyDictionary{string, Tensor}, IReadOnlyList{string}, RunOptions, CancellationToken)"/>
    public ProviderReport ReportProviders(IReadOnlyDictionary<string, Tensor> inputs, CancellationToken cancellationToken = default)
    {
        if (_isProfiled)
            throw new InvalidOperationException("The session already writes a profile of all runs, which leaves none for a report.");
        using var native = new RunOptionsHandle(null);
        using var recording = new RunRecording(native);
        Run(inputs, null, native, recording, cancellationToken).Dispose();
        return recording.Read();
    }

    /// <summary>Ends the profile of all runs that <see cref="SessionOptions.ProfilingPrefix"/> asked for.</summary>
    /// <returns>The path of the profile, in the Trace Event format.</returns>
    /// <exception cref="InvalidOperationException">No profile was asked for.</exception>
    public string EndProfiling()
    {
        if (!_isProfiled)
            throw new InvalidOperationException($"The session writes no profile: {nameof(SessionOptions.ProfilingPrefix)} is not set.");
        using var use = new HandleUse(_handle);
        byte* path;
        OrtStatus.Check(OrtApi.SessionEndProfiling(use.Value, OrtMemory.DefaultAllocator, &path));
        return OrtText.Take(path);
    }

    public void Dispose() => _handle.Dispose();

    private RunOptionsHandle? RunOptionsFor(RunOptions? options, CancellationToken cancellationToken) =>
        options is null && !cancellationToken.CanBeCanceled && !_mustCheckPlacement ? null : new RunOptionsHandle(options);

    /// <summary>Records the run if it is the one that must show where nodes run; see <see cref="SessionOptions.RequireGpu"/>.</summary>
    internal RunRecording? RecordingFor(RunOptionsHandle? options) =>
        _mustCheckPlacement && options is not null ? new RunRecording(options) : null;

    private SessionOutputs Run(IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyList<string>? outputs,
        RunOptionsHandle? options, RunRecording? recording, CancellationToken cancellationToken)
    {
        var names = new string[outputs?.Count ?? Outputs.Length];
        for (var i = 0; i < names.Length; i++)
            names[i] = outputs?[i] ?? Outputs[i].Name;
        var inputValues = new nint[Inputs.Length];
        var outputValues = new nint[names.Length];
        var outputNames = new nint[names.Length];
        try
        {
            for (var i = 0; i < names.Length; i++)
            {
                var index = ValueCheck.OutputIndex(Outputs, names[i]);
                ValueCheck.Readable(Outputs[index]);
                outputNames[i] = _outputNames[index];
            }
            ValueCheck.NoOthers(Inputs, inputs);
            for (var i = 0; i < Inputs.Length; i++)
                inputValues[i] = OrtTensors.Wrap(ValueCheck.Input(Inputs[i], inputs.GetValueOrDefault(Inputs[i].Name)));
            Run(inputValues, outputNames, outputValues, options, recording, cancellationToken);
            GC.KeepAlive(inputs);
            var memory = new List<ValueHandle>(outputValues.Length);
            var values = new object?[outputValues.Length];
            for (var i = 0; i < values.Length; i++)
            {
                var value = outputValues[i];
                // From here on it belongs to the tensor.
                outputValues[i] = 0;
                values[i] = OrtTensors.TakeAny(value, names[i], memory);
            }
            return new SessionOutputs(names, values, memory);
        }
        finally
        {
            Release(inputValues);
            Release(outputValues);
        }
    }

    /// <param name="outputValues">Values to write into, or 0 for those that ONNX Runtime is to make.</param>
    private void Run(ReadOnlySpan<nint> inputValues, ReadOnlySpan<nint> outputNames, Span<nint> outputValues,
        RunOptionsHandle? options, RunRecording? recording, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var use = new HandleUse(_handle);
        nint status;
        using (EnterRun(recording, cancellationToken))
        fixed (nint* inputNames = _inputNames, input = inputValues, outputName = outputNames, output = outputValues)
        using (options?.TerminateOn(cancellationToken) ?? default)
            status = OrtApi.Run(use.Value, options?.Value ?? 0, (byte**)inputNames, input, (nuint)_inputNames.Length,
                (byte**)outputName, (nuint)outputNames.Length, output);
        CheckRun(status, recording, cancellationToken);
    }

    /// <summary>Waits until the run may begin; disposing of the result ends it.</summary>
    internal RunGate.Pass EnterRun(RunRecording? recording, CancellationToken cancellationToken) =>
        _gate.Enter(alone: _isProfiled || recording is not null, cancellationToken);

    /// <summary>Turns the end of a run, whichever way it was started, into an exception if it was not as it should be.</summary>
    internal void CheckRun(nint status, RunRecording? recording, CancellationToken cancellationToken)
    {
        if (status != 0)
        {
            var error = OrtStatus.Take(status);
            if (SessionErrors.IsTermination(error))
                cancellationToken.ThrowIfCancellationRequested();
            throw SessionErrors.Run(error, Model);
        }
        if (!_mustCheckPlacement || recording is null)
            return;
        Placement.Require(recording.Read(), Model);
        _mustCheckPlacement = false;
    }

    private static void Release(Span<nint> values)
    {
        foreach (var value in values)
            if (value != 0)
                OrtApi.ReleaseValue(value);
    }
}

/// <summary>A tensor for an input or output of this name.</summary>
public readonly record struct NamedTensor(string Name, Tensor Tensor)
{
    public static implicit operator NamedTensor((string Name, Tensor Tensor) pair) => new(pair.Name, pair.Tensor);
}
