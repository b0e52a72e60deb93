using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>What a model of timm is called with: the entry's name, and config.json's arguments over the entry's own.</summary>
/// <remarks>Source: timm 1.0, models/_builder.py and _hub.py. What was given and is neither read nor known to be told by the weights' shapes
/// fails the conversion: it would change the result silently.</remarks>
internal sealed class TimmArguments
{
    // Of training, or of how the original computes.
    private static readonly string[] WithoutEffect =
    [
        "drop_rate", "drop_path_rate", "drop_block_rate", "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "bn_momentum",
        "weight_init", "fix_init", "zero_init_last", "zero_init_fc", "head_init_scale", "scriptable", "exportable", "num_features", "bn_tf", "pretrained_window_sizes",
    ];

    private readonly ModelConfig _config;
    private readonly ModelConfig _given;
    private readonly ModelConfig _pretrained;
    private readonly HashSet<string> _known = [.. WithoutEffect, "num_classes", "in_chans", "global_pool"];

    public TimmArguments(ModelConfig config)
    {
        _config = config;
        _given = config.Section("model_args");
        // The first repositories held what is said of the weights beside the name.
        _pretrained = config.Has("pretrained_cfg") ? config.Section("pretrained_cfg") : config;
        Name = EntryOf(config);
    }

    /// <summary>The entry, such as "resnet50", without the tag of its weights.</summary>
    public string Name { get; }

    public int ClassCount => _given.OptionalInt("num_classes") ?? _config.OptionalInt("num_classes") ?? _pretrained.Int("num_classes", 1000);

    /// <summary>The entry that a configuration names.</summary>
    public static string EntryOf(ModelConfig config) => config.Text("architecture", "").Split('.')[0];

    public int Int(string name, int absent, int minimum = 0) => Read(name).Int(name, absent, minimum);
    public float Float(string name, float absent) => Read(name).Float(name, absent);
    public double Double(string name, double absent) => Read(name).Number(name, absent);
    public bool Bool(string name, bool absent) => Read(name).Bool(name, absent);
    public string Text(string name, string absent) => Read(name).Text(name, absent);

    /// <summary>One number for all, or one for each.</summary>
    public IReadOnlyList<int> Ints(string name, int count, params int[] absent)
    {
        var given = Read(name);
        return given.IsList(name) ? given.Ints(name) : given.Has(name) ? [.. Enumerable.Repeat(given.Int(name), count)] : absent;
    }

    /// <summary>The way of pooling, which the weights' own configuration may state too.</summary>
    public string GlobalPool(string absent = "avg") => _given.Has("global_pool") ? _given.Text("global_pool", absent) : _pretrained.Text("global_pool", absent);

    /// <summary>Height and width that a model of one size is made for.</summary>
    public (int Height, int Width) ImageSize(int absent)
    {
        _known.Add("img_size");
        if (_given.Has("img_size"))
            return _given.Size("img_size", absent);
        return _pretrained.Bool("fixed_input_size", false) && _pretrained.Ints("input_size") is [_, > 0 and var height, > 0 and var width] ? (height, width) : (absent, absent);
    }

    /// <summary>Names arguments whose effect shows in the weights: sizes, and which layers there are.</summary>
    public void ToldByWeights(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            _known.Add(name);
    }

    /// <summary>Refuses an argument that has another value than the one that is built.</summary>
    public void Require(string name, bool isBuilt)
    {
        _known.Add(name);
        if (!isBuilt)
            throw Unsupported(name);
    }

    /// <summary>The images: float [B, channels, height, width].</summary>
    public Value Images(GraphBuilder graph, (int Height, int Width)? size = null)
    {
        var channels = _given.OptionalInt("in_chans") ?? (_pretrained.Ints("input_size") is [var first, _, _] ? first : 3);
        return size is { } known ? graph.Input("pixel_values", ElementType.Float32, "batch_size", channels, known.Height, known.Width)
            : graph.Input("pixel_values", ElementType.Float32, "batch_size", channels, "height", "width");
    }

    /// <exception cref="UnsupportedModelException">config.json gives an argument that nothing here reads.</exception>
    public void RequireAllKnown()
    {
        foreach (var name in _given.Names)
            if (!_known.Contains(name) && _given.Has(name))
                throw Unsupported(name);
    }

    private UnsupportedModelException Unsupported(string argument) => new(
        $"The argument '{argument}' that config.json gives '{Name}' (model_args) is not built with this value.", "Take a model that keeps the architecture's own value.");

    private ModelConfig Read(string name)
    {
        _known.Add(name);
        return _given;
    }
}
