using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>Hiera: a transformer at falling resolution without convolutions, whose first stages attend within windows.</summary>
/// <remarks>Source: arXiv:2306.00989; outputs of transformers 5.23, modeling_hiera.py. Tokens are kept in an order in which those that are
/// pooled together, and those of a window, lie at equal distances. Images of another size than the trained one get interpolated positions.
/// B = batch, N = tokens, C = channels, D = size of a head.</remarks>
internal static class Hiera
{
    public static Architecture Architecture { get; } = new("hiera", "facebook/hiera-tiny-224-in1k-hf",
    [
        new("HieraModel", ModelTask.ImageFeatureExtraction, Model),
        new("HieraForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("HieraBackbone", ModelTask.Backbone, Backbone),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public IReadOnlyList<int> Depths { get; } = Json.Depths("depths", 2, 3, 16, 3);
        public IReadOnlyList<int> Heads { get; } = Json.PerStage("num_heads", Json.Depths("depths", 2, 3, 16, 3).Count, [1, 2, 4, 8], minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-6f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public IReadOnlyList<int> PatchStride { get; } = Json.PerStage("patch_stride", 2, [4, 4], minimum: 1);
        public IReadOnlyList<int> PatchPadding { get; } = Json.PerStage("patch_padding", 2, [3, 3]);
        public IReadOnlyList<int> QueryStride { get; } = Json.PerStage("query_stride", 2, [2, 2], minimum: 1);
        public IReadOnlyList<int> WindowSize { get; } = Json.PerStage("masked_unit_size", 2, [8, 8], minimum: 1);
        public IReadOnlyList<bool> Windowed { get; } = Json.Bools("masked_unit_attention", true, true, false, false);
        public int PooledStages { get; } = Json.Int("num_query_pool", 3);
        public int Pooled => QueryStride[0] * QueryStride[1];
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var (config, body) = (new Config(json), weights.Body("hiera"));
        var hidden = Encode(graph, config, body, isUnrolled: true)[^1].Tokens;
        return body.Has("pooler") ? hidden.AsStates(Pool(hidden, config, body)) : new Outputs { { "last_hidden_state", hidden } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights.Body("hiera"));
        return Pool(Encode(graph, config, body, isUnrolled: true)[^1].Tokens, config, body).Linear(weights["classifier"]).AsLogits();
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("pooler", "classifier");
        // The original forgets to bring tokens into their order here, and takes them back out of it all the same.
        var (config, states) = (new Config(json), Encode(graph, new Config(json), weights.Body("hiera"), isUnrolled: false));
        return json.FeatureMaps(states.Count, (i, name) =>
            Reroll(states[i], config).LayerNorm(weights["hidden_states_norms"][name], Convolutions.Epsilon).ChannelsFirst());
    }

    private static Value Pool(Value hidden, Config config, Weights body) => hidden.Mean(axis: 1).LayerNorm(body["pooler.layernorm"], config.Epsilon);

    // Tokens of a stage, float [B, N, C]; how many rows and columns they are of; and how often those of a window are still taken apart.
    private sealed record State(Value Tokens, Value Rows, Value Columns, int Unrolled);

    // The patches and what each stage makes of them.
    private static List<State> Encode(GraphBuilder graph, Config config, Weights body, bool isUnrolled)
    {
        var (json, embeddings) = (config.Json, body["embeddings"]);
        if (config.Windowed.Count < config.Depths.Count)
            throw json.Invalid("masked_unit_attention", "a choice for each stage was expected");
        var projection = embeddings["patch_embeddings.projection"];
        var map = graph.Pixels(json.Channels()).Conv2D(projection.Kernel(), projection.Find("bias"),
            (config.PatchStride[0], config.PatchStride[1]), (config.PatchPadding[0], config.PatchPadding[1]));
        var trained = (config.ImageSize.Height / config.PatchStride[0], config.ImageSize.Width / config.PatchStride[1]);
        var x = map.ToTokens() + embeddings.Get("position_embeddings").FitPositions(leading: 0, trained, map);
        var times = config.Depths.Count - 1;
        if (isUnrolled)
            x = Unroll(x, map, times, config);
        var (rows, columns) = (graph.Extent(map.Dim(2)), graph.Extent(map.Dim(3)));
        var states = new List<State> { new(x, rows, columns, times) };
        var window = (long)config.WindowSize[0] * config.WindowSize[1];
        for (var stage = 0; stage < config.Depths.Count; stage++)
        {
            for (var i = 0; i < config.Depths[stage]; i++)
            {
                // The first layer of a stage pools what the stage before has left.
                var pools = i == 0 && stage > 0 && stage <= config.PooledStages;
                var isWindowed = config.Windowed[stage] || i == 0 && config.Windowed[Math.Max(0, stage - 1)];
                if (isWindowed && window == 0)
                    throw json.Invalid("masked_unit_size", "windows that last for all stages that attend within them were expected");
                x = Layer(x, pools ? config.Pooled : 1, isWindowed ? window : null, config.Heads[stage], body[$"encoder.stages.{stage}.layers.{i}"], config);
            }
            states.Add(new State(x, rows, columns, times));
            window /= config.Pooled;
            if (stage < config.PooledStages)
                (rows, columns, times) = (rows / graph.Constant([(long)config.QueryStride[0]]), columns / graph.Constant([(long)config.QueryStride[1]]), Math.Max(0, times - 1));
        }
        return states;
    }

    private static Value Layer(Value x, int pooled, long? window, int heads, Weights weights, Config config)
    {
        var normed = x.LayerNorm(weights["layernorm_before"], config.Epsilon);
        if (weights.Has("proj"))
        {
            x = normed.Linear(weights["proj"]);
            x = x.Reshape(x.Dim(0), pooled, Dim.Unknown, x.Dim(2)).Max(axis: 1);
        }
        x += Attend(normed, pooled, window, heads, weights["attn"]);
        return x + x.LayerNorm(weights["layernorm_after"], config.Epsilon).Perceptron(weights["mlp.fc1"], weights["mlp.fc2"], config.Activation);
    }

    // Tokens of one window lie as far apart as there are windows.
    private static Value Attend(Value x, int pooled, long? window, int heads, Weights weights)
    {
        var all = x.Linear(weights["qkv"]);
        var width = all.Dim(2).Size!.Value / 3; // projections have known widths
        Dim windows = window is null ? 1 : Dim.Rest, tokens = window is { } area ? area * pooled : Dim.Rest;
        Value Part(Value part) => part.Reshape(x.Dim(0), tokens, windows, heads, width / heads).Transpose(0, 2, 3, 1, 4); // [B, windows, heads, tokens, D]
        var parts = all.Split(axis: 2, width, width, width);
        var query = Part(parts[0]);
        if (pooled > 1)
            query = query.Reshape(x.Dim(0), query.Dim(1), heads, pooled, Dim.Rest, width / heads).Max(axis: 3);
        Value Rows(Value part) => window is null ? part.Squeeze(1) : part.Reshape(Dim.Rest, heads, part.Dim(3), width / heads); // [B * windows, heads, tokens, D]
        var context = Rows(query).Attend(Rows(Part(parts[1])), Rows(Part(parts[2])), mask: null); // [B * windows, tokens, C]
        return context.Reshape(x.Dim(0), query.Dim(1), context.Dim(1), width).Transpose(0, 2, 1, 3).Reshape(x.Dim(0), Dim.Unknown, width).Linear(weights["proj"]);
    }

    // Takes neighbours apart, again and again: those that differ in the last place of the row's and column's number come to lie farthest.
    private static Value Unroll(Value x, Value map, int times, Config config)
    {
        var (rows, columns, width) = (config.QueryStride[0], config.QueryStride[1], x.Dim(2));
        x = x.Reshape(x.Dim(0), map.Dim(2), map.Dim(3), width);
        for (var i = 0; i < times; i++)
        {
            var strips = x.Reshape(x.Dim(0), Dim.Rest, rows, x.Dim(2), width);
            x = strips.Reshape(strips.Dim(0), strips.Dim(1), rows, Dim.Rest, columns, width).Transpose(0, 2, 4, 1, 3, 5);
            x = x.Reshape(Dim.Rest, x.Dim(3), x.Dim(4), width);
        }
        return x.Reshape("batch_size", Dim.Rest, width);
    }

    // Brings tokens back into the order of the image: [B, rows, columns, C].
    private static Value Reroll(State state, Config config)
    {
        var (x, graph) = (state.Tokens, state.Tokens.Graph);
        var (rowStride, columnStride) = (config.QueryStride[0], config.QueryStride[1]);
        var (height, width, channels) = (1L, 1L, x.Dim(2));
        x = x.Reshape(x.Dim(0), Dim.Rest, 1, 1, channels);
        for (var i = 0; i < state.Unrolled; i++)
        {
            x = x.Reshape(x.Dim(0), rowStride, columnStride, Dim.Rest, height, width, channels).Transpose(0, 3, 1, 4, 2, 5, 6);
            (height, width) = (height * rowStride, width * columnStride);
            x = x.Reshape(x.Dim(0), x.Dim(1), height, width, channels);
        }
        var (rows, columns) = (state.Rows / graph.Constant([height]), state.Columns / graph.Constant([width]));
        Value Number(long number) => graph.Constant([number]);
        var cut = x.Reshape(((Value[])[graph.Extent(x.Dim(0)), rows, columns, Number(height), Number(width), graph.Extent(channels)]).Concat(0),
            x.Dim(0), Dim.Unknown, Dim.Unknown, height, width, channels).Transpose(0, 1, 3, 2, 4, 5);
        return cut.Reshape(((Value[])[graph.Extent(x.Dim(0)), state.Rows, state.Columns, graph.Extent(channels)]).Concat(0), x.Dim(0), Dim.Unknown, Dim.Unknown, channels);
    }
}
