using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>ViTDet: a Vision Transformer for detectors, most of whose layers attend within windows, with residual blocks of convolutions.</summary>
/// <remarks>Source: arXiv:2203.16527; outputs of transformers 5.23, modeling_vitdet.py. Takes images of the configured size.
/// Maps between layers are [B, rows, columns, H].</remarks>
internal static class VitDet
{
    public static Architecture Architecture { get; } = new("vitdet", "hf-internal-testing/tiny-random-VitDetModel",
    [
        new("VitDetModel", ModelTask.ImageFeatureExtraction, Model),
        new("VitDetBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Tables of distances are constants of the graph.
    private const int LargestSide = 512;

    // Defaults are those of the original class: files leave out what equals them.
    internal sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-6f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PretrainedSize { get; } = Json.Size("pretrain_image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public bool AbsolutePositions { get; } = Json.Bool("use_absolute_position_embeddings", true);
        public bool RelativePositions { get; init; } = Json.Bool("use_relative_position_embeddings", false);
        public int WindowSize { get; } = Json.Int("window_size", 0);
        public IReadOnlyList<int> Windowed { get; } = Json.Ints("window_block_indices");
        public IReadOnlyList<int> Residual { get; } = Json.Ints("residual_block_indices");
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights) =>
        new() { { "last_hidden_state", Maps(graph, new Config(json), weights.Body("vitdet"))[^1] } };

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var maps = Maps(graph, new Config(json), weights.Body("vitdet"));
        return json.FeatureMaps(maps.Count, (i, _) => maps[i]);
    }

    // The patches and what each layer makes of them: float [B, H, rows, columns].
    private static List<Value> Maps(GraphBuilder graph, Config config, Weights body)
    {
        var embeddings = body["embeddings"];
        var map = graph.Pixels(config.Json.Channels(), config.ImageSize).Project(embeddings["projection"]);
        if (config.AbsolutePositions)
        {
            var trained = (config.PretrainedSize.Height / config.PatchSize.Height, config.PretrainedSize.Width / config.PatchSize.Width);
            // The table also has a position for a first token, which this model has not.
            map += embeddings.Get("position_embeddings").Slice(axis: 1, 1).FitPositions(leading: 0, trained, map).ToMap(map.Dim(2), map.Dim(3));
        }
        var maps = new List<Value> { map };
        for (var i = 0; i < config.Layers; i++)
            maps.Add(map = Layer(map.ChannelsLast(), i, body[$"encoder.layer.{i}"], config));
        return maps;
    }

    private static Value Layer(Value x, int number, Weights weights, Config config)
    {
        var normed = x.LayerNorm(weights["norm1"], config.Epsilon);
        var size = config.Windowed.Contains(number) ? config.WindowSize : 0;
        x += size > 0 ? AttendInWindows(normed, size, weights["attention"], config) : Attend(normed, weights["attention"], config);
        x += x.LayerNorm(weights["norm2"], config.Epsilon).Perceptron(weights["mlp.fc1"], weights["mlp.fc2"], config.Activation);
        var map = x.ChannelsFirst();
        return config.Residual.Contains(number) ? map + Bottleneck(map, weights["residual"], config) : map;
    }

    internal static Value AttendInWindows(Value x, int size, Weights weights, Config config)
    {
        var padded = x.PadToMultiple(size, rowAxis: 1);
        var (rows, columns) = (padded.Dim(1).Size!.Value / size, padded.Dim(2).Size!.Value / size); // the size of images is known
        var windows = padded.Reshape(x.Dim(0), rows, size, columns, size, x.Dim(3)).Transpose(0, 1, 3, 2, 4, 5).Reshape(Dim.Rest, size, size, x.Dim(3));
        return Attend(windows, weights, config).Reshape(x.Dim(0), rows, columns, size, size, x.Dim(3)).Transpose(0, 1, 3, 2, 4, 5)
            .Reshape(x.Dim(0), padded.Dim(1), padded.Dim(2), x.Dim(3)).CropTo(x.Dim(1), x.Dim(2), rowAxis: 1);
    }

    // Attention between all places of maps [B, rows, columns, H].
    internal static Value Attend(Value x, Weights weights, Config config)
    {
        var (rows, columns, width) = (x.Dim(1), x.Dim(2), x.Dim(3).Size!.Value); // kernels have known extents
        var parts = x.Reshape(x.Dim(0), rows * columns, width).Linear(weights["qkv"]).Split(axis: 2, width, width, width);
        var query = parts[0].SplitHeads(config.Heads);
        var bias = config.RelativePositions ? RelativePositions(query, rows, columns, weights) : null;
        return query.Attend(parts[1].SplitHeads(config.Heads), parts[2].SplitHeads(config.Heads), bias).Reshape(x.Dim(0), rows, columns, width).Linear(weights["proj"]);
    }

    // What a query adds to the score of a key for its distance in rows and in columns: float [B, heads, S, S].
    private static Value RelativePositions(Value query, Dim rows, Dim columns, Weights weights)
    {
        var (batch, heads, size) = (query.Dim(0), query.Dim(1), query.Dim(3));
        var grid = query.Reshape(batch, heads, rows, columns, size);
        var byRow = grid.MatMul(Directions(weights.Get("rel_pos_h"), rows).Transpose(0, 2, 1)); // [B, heads, rows, columns, rows]
        var byColumn = grid.Transpose(0, 1, 3, 2, 4).MatMul(Directions(weights.Get("rel_pos_w"), columns).Transpose(0, 2, 1)).Transpose(0, 1, 3, 2, 4);
        return (byRow.Unsqueeze(5) + byColumn.Unsqueeze(4)).Reshape(batch, heads, rows * columns, rows * columns);
    }

    // For each two rows or columns the vector of their distance: [extent, extent, D].
    private static Value Directions(Value table, Dim extent)
    {
        var count = extent.Size!.Value; // the size of images is known
        if (count > LargestSide)
            throw new GraphException("vitdet", $"More than {LargestSide} patches along one side are not built (image_size).");
        // Interpolated where it was trained for another size.
        if (table.Dim(0) != 2 * count - 1)
            table = table.Transpose(1, 0).Reshape(1, table.Dim(1), 1, table.Dim(0))
                .ResizeBilinear(table.Graph.Constant([1L, 2 * count - 1]), 1, 2 * count - 1).Reshape(table.Dim(1), 2 * count - 1).Transpose(1, 0);
        var index = new long[count * count];
        for (var i = 0; i < index.Length; i++)
            index[i] = i / count - i % count + count - 1;
        return table.Gather(table.Graph.Constant(index)).Reshape(count, count, table.Dim(1));
    }

    private static Value Bottleneck(Value map, Weights weights, Config config)
    {
        for (var i = 1; i <= 3; i++)
        {
            map = map.Convolve(weights[$"conv{i}"]).ChannelNorm(weights[$"norm{i}"], 1e-6f);
            map = i < 3 ? map.Apply(config.Activation) : map;
        }
        return map;
    }
}
