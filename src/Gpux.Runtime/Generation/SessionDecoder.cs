using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Generation;

/// <summary>A decoder-only model in a session, with its key-value cache: inputs past_key_values.N.key and .value, outputs present.N.</summary>
/// <remarks>The cache goes from step to step within ONNX Runtime, without a copy. Rows of it are copied only where they change
/// places.</remarks>
public sealed unsafe class SessionDecoder : IDecoder, IDisposable
{
    private const string Past = "past_key_values.", Present = "present.";
    private readonly InferenceSession _session;
    private readonly BoundRun _run;
    private readonly (string Input, string Output)[] _cache;
    private readonly bool _hasMask, _hasPositions;
    private readonly CancellationToken _cancellationToken;
    private readonly Tensor?[] _moved; // the cache, where rows have changed places since the last step
    private float[] _logits = [];

    /// <param name="capacity">The positions that the model was made for; <see cref="int.MaxValue"/> if nothing bounds them.</param>
    /// <param name="cancellationToken">Ends a step at the node that it is at.</param>
    /// <exception cref="UnsupportedValueException">The model is no decoder with a cache.</exception>
    public SessionDecoder(InferenceSession session, int capacity, CancellationToken cancellationToken = default)
    {
        _session = session;
        Capacity = capacity;
        _cancellationToken = cancellationToken;
        _hasMask = Has("attention_mask");
        _hasPositions = Has("position_ids");
        _cache = [.. session.Inputs.Where(input => input.Name.StartsWith(Past, StringComparison.Ordinal))
            .Select(input => (input.Name, Present + input.Name[Past.Length..]))];
        var logits = session.Outputs.FirstOrDefault(output => output.Name == "logits");
        if (_cache.Length == 0 || !Has("input_ids") || logits is not { ElementType: ElementType.Float32, Dimensions: [_, _, { Size: { } vocabulary }] })
            throw new UnsupportedValueException("past_key_values", $"'{session.Model}' cannot be continued token by token: it takes no input_ids "
                + "with a cache (past_key_values) or gives no float32 logits of a known vocabulary.",
                "Convert it again from its checkpoint, or export it with its cache.");
        VocabularySize = (int)vocabulary;
        _moved = new Tensor?[_cache.Length];
        _run = session.Bind();
        Reset();
    }

    public int VocabularySize { get; }
    public int Capacity { get; }
    public int Rows { get; private set; }

    public Span<float> Step(scoped in DecoderInput input)
    {
        if (Rows == 0)
            Start(input.Rows);
        if (input.Rows != Rows)
            throw new ArgumentException($"The decoder has {Rows} rows, the step {input.Rows}.", nameof(input));
        _run.BindInput("input_ids", Tensor.Of(input.InputIds, new Shape(Rows, input.Length)));
        if (_hasMask)
            _run.BindInput("attention_mask", Tensor.Of(input.AttentionMask, new Shape(Rows, input.TotalLength)));
        if (_hasPositions)
            _run.BindInput("position_ids", Tensor.Of(input.PositionIds, new Shape(Rows, input.Length)));
        _run.Run(_cancellationToken);
        Array.Clear(_moved);
        return LastLogits(input.Length);
    }

    public void Reorder(ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < _cache.Length; i++)
        {
            // Rows may change places several times between two steps.
            if (_moved[i] is { } before)
                _moved[i] = Moved(before.ElementType, before.Data, before.Shape.Dimensions.AsSpan(), rows);
            else
            {
                var cached = _run[_cache[i].Output];
                _moved[i] = Moved(cached.ElementType, cached.Data, cached.Dimensions, rows);
            }
            _run.BindInput(_cache[i].Input, _moved[i]!); // set above
        }
        Rows = rows.Length;
    }

    public void Reset()
    {
        Rows = 0;
        Array.Clear(_moved);
    }

    public void Dispose() => _run.Dispose();

    private void Start(int rows)
    {
        foreach (var (input, output) in _cache)
        {
            var info = _session.Inputs.First(candidate => candidate.Name == input);
            _run.BindInput(input, Tensor.Zeros(info.ElementType, ModelInputs.Sized(info, rows, otherwise: 0)));
            _run.Carry(output, input);
        }
        _run.BindOutput("logits");
        Rows = rows;
    }

    private static Tensor Moved(ElementType type, byte* cached, ReadOnlySpan<long> dimensions, ReadOnlySpan<int> rows)
    {
        var before = new Shape(dimensions);
        var rowBytes = checked((int)(type.ByteSize(before.ElementCount) / before[0]));
        var moved = Tensor.Uninitialized(type, new Shape([rows.Length, .. dimensions[1..]]));
        for (var row = 0; row < rows.Length; row++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rows[row], (uint)before[0], nameof(rows));
            new ReadOnlySpan<byte>(cached + (long)rows[row] * rowBytes, rowBytes).CopyTo(new Span<byte>(moved.Data + (long)row * rowBytes, rowBytes));
        }
        return moved;
    }

    private Span<float> LastLogits(int length)
    {
        if (_logits.Length < Rows * VocabularySize)
            _logits = new float[checked(Rows * VocabularySize)];
        var all = _run["logits"].Data;
        for (var row = 0; row < Rows; row++)
        {
            var last = (float*)all + ((long)(row + 1) * length - 1) * VocabularySize;
            new ReadOnlySpan<float>(last, VocabularySize).CopyTo(_logits.AsSpan(row * VocabularySize));
        }
        return _logits.AsSpan(0, Rows * VocabularySize);
    }

    private bool Has(string input) => _session.Inputs.Any(candidate => candidate.Name == input);
}
