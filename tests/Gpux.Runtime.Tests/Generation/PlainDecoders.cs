using Gpux.Runtime.Generation;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>A decoder that computes one token after another and keeps keys and values of each layer in lists.</summary>
internal abstract class PlainDecoder(int layers, int vocabularySize, int capacity) : IDecoder
{
    private List<Row> _rows = [];

    public int VocabularySize => vocabularySize;
    public int Capacity => capacity;
    public virtual int Rows => _rows.Count;

    /// <summary>How often the cache was moved about, and how many tokens were read in all.</summary>
    public int Reorders { get; private set; }
    public int TokensRead { get; private set; }

    public Span<float> Step(scoped in DecoderInput input)
    {
        if (_rows.Count == 0)
            _rows = [.. Enumerable.Range(0, input.Rows).Select(row => new Row(row, layers))];
        var logits = new float[input.Rows * vocabularySize];
        for (var row = 0; row < input.Rows; row++)
        {
            var mask = input.AttentionMask.Slice(row * input.TotalLength, input.TotalLength).ToArray();
            double[] last = [];
            for (var i = row * input.Length; i < (row + 1) * input.Length; i++)
            {
                last = Forward(_rows[row], (int)input.InputIds[i], (int)input.PositionIds[i], place => mask[place] == 1);
                TokensRead++;
            }
            for (var token = 0; token < vocabularySize; token++)
                logits[row * vocabularySize + token] = (float)last[token];
        }
        return logits;
    }

    public void Reorder(ReadOnlySpan<int> rows)
    {
        var before = _rows;
        _rows = [];
        foreach (var row in rows)
            _rows.Add(before[row].Copy());
        Reorders++;
    }

    public void Reset() => _rows = [];

    /// <returns>The logits after one token.</returns>
    protected abstract double[] Forward(Row row, int id, int position, Func<int, bool> attended);

    internal sealed class Row(int encoderRow, int layers)
    {
        public int EncoderRow { get; } = encoderRow;
        public List<double[]>[] Keys { get; private init; } = [.. Enumerable.Range(0, layers).Select(_ => new List<double[]>())];
        public List<double[]>[] Values { get; private init; } = [.. Enumerable.Range(0, layers).Select(_ => new List<double[]>())];

        public Row Copy() => new(EncoderRow, 0)
        {
            Keys = [.. Keys.Select(list => new List<double[]>(list))],
            Values = [.. Values.Select(list => new List<double[]>(list))],
        };
    }
}

/// <summary>The recorded GPT-2: two layers of four heads.</summary>
internal sealed class PlainGpt2(PlainMath math) : PlainDecoder(layers: 2, vocabularySize: 61, capacity: 48)
{
    private const double Epsilon = 1e-3;

    protected override double[] Forward(Row row, int id, int position, Func<int, bool> attended)
    {
        var x = PlainMath.Add(math.Row("transformer.wte.weight", id), math.Row("transformer.wpe.weight", position));
        for (var layer = 0; layer < 2; layer++)
        {
            var name = $"transformer.h.{layer}.";
            var projected = math.Linear(math.LayerNorm(x, name + "ln_1", Epsilon), name + "attn.c_attn", outputMajor: false);
            var width = x.Length;
            row.Keys[layer].Add(projected[width..(2 * width)]);
            row.Values[layer].Add(projected[(2 * width)..]);
            var context = PlainMath.Attend(projected[..width], row.Keys[layer], row.Values[layer], attended, heads: 4);
            x = PlainMath.Add(x, math.Linear(context, name + "attn.c_proj", outputMajor: false));
            var inner = math.Linear(math.LayerNorm(x, name + "ln_2", Epsilon), name + "mlp.c_fc", outputMajor: false);
            x = PlainMath.Add(x, math.Linear([.. inner.Select(PlainMath.TanhGelu)], name + "mlp.c_proj", outputMajor: false));
        }
        return math.Scores(math.LayerNorm(x, "transformer.ln_f", Epsilon), "transformer.wte.weight");
    }
}

/// <summary>The recorded BART: an encoder of two layers of four heads, a decoder of three layers of two.</summary>
internal sealed class PlainBart : PlainDecoder
{
    private const double Epsilon = 1e-5;
    private const int PositionOffset = 2;
    private readonly PlainMath _math;
    private readonly int _encoderRows;
    private readonly bool[][] _attended;
    private readonly List<double[]>[][] _keys;
    private readonly List<double[]>[][] _values;

    public PlainBart(PlainMath math, TokenBatch input) : base(layers: 3, vocabularySize: 130, capacity: 64)
    {
        _math = math;
        _encoderRows = input.Rows;
        _attended = [.. Enumerable.Range(0, input.Rows).Select(row => input.Attended.Slice(row * input.Length, input.Length).ToArray())];
        var states = Enumerable.Range(0, input.Rows).Select(row => Encode(input[row].ToArray(), _attended[row])).ToArray();
        _keys = [.. states.Select(state => Project(state, "k_proj"))];
        _values = [.. states.Select(state => Project(state, "v_proj"))];
    }

    public override int Rows => base.Rows == 0 ? _encoderRows : base.Rows;

    protected override double[] Forward(Row row, int id, int position, Func<int, bool> attended)
    {
        var x = Embed(id, row.Keys[0].Count, "decoder");
        for (var layer = 0; layer < 3; layer++)
        {
            var name = $"model.decoder.layers.{layer}.";
            row.Keys[layer].Add(_math.Linear(x, name + "self_attn.k_proj"));
            row.Values[layer].Add(_math.Linear(x, name + "self_attn.v_proj"));
            x = Attention(x, name + "self_attn", row.Keys[layer], row.Values[layer], attended, heads: 2);
            var known = _attended[row.EncoderRow];
            x = Attention(x, name + "encoder_attn", _keys[row.EncoderRow][layer], _values[row.EncoderRow][layer], place => known[place], heads: 2);
            x = FeedForward(x, name);
        }
        return PlainMath.Add(_math.Scores(x, "model.shared.weight"), _math["final_logits_bias"]);
    }

    private List<double[]> Encode(int[] ids, bool[] attended)
    {
        var states = ids.Select((id, place) => Embed(id, place, "encoder")).ToList();
        for (var layer = 0; layer < 2; layer++)
        {
            var name = $"model.encoder.layers.{layer}.";
            var keys = states.ConvertAll(x => _math.Linear(x, name + "self_attn.k_proj"));
            var values = states.ConvertAll(x => _math.Linear(x, name + "self_attn.v_proj"));
            states = states.ConvertAll(x => FeedForward(Attention(x, name + "self_attn", keys, values, place => attended[place], heads: 4), name));
        }
        return states;
    }

    private List<double[]>[] Project(List<double[]> states, string projection) =>
        [.. Enumerable.Range(0, 3).Select(layer => states.ConvertAll(x => _math.Linear(x, $"model.decoder.layers.{layer}.encoder_attn.{projection}")))];

    private double[] Embed(int id, int place, string part) => _math.LayerNorm(
        PlainMath.Add(_math.Row("model.shared.weight", id), _math.Row($"model.{part}.embed_positions.weight", place + PositionOffset)),
        $"model.{part}.layernorm_embedding", Epsilon);

    private double[] Attention(double[] x, string name, List<double[]> keys, List<double[]> values, Func<int, bool> attended, int heads)
    {
        var context = PlainMath.Attend(_math.Linear(x, name + ".q_proj"), keys, values, attended, heads);
        return _math.LayerNorm(PlainMath.Add(x, _math.Linear(context, name + ".out_proj")), name + "_layer_norm", Epsilon);
    }

    private double[] FeedForward(double[] x, string name)
    {
        double[] inner = [.. _math.Linear(x, name + "fc1").Select(PlainMath.Gelu)];
        return _math.LayerNorm(PlainMath.Add(x, _math.Linear(inner, name + "fc2")), name + "final_layer_norm", Epsilon);
    }
}
