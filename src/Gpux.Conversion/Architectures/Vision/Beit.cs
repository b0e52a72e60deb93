using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Vision;

/// <summary>BEiT: a Vision Transformer whose attention knows how far patches are apart; learned to name the hidden ones.</summary>
/// <remarks>Source: arXiv:2106.08254; outputs of transformers 5.23, modeling_beit.py and modeling_data2vec_vision.py. Positions and
/// distances are interpolated to the size of the image, but for segmentation, which is of the configured one. B = batch, N = patches,
/// H = hidden size.</remarks>
internal static class Beit
{
    public static Architecture Architecture { get; } = new("beit", "microsoft/beit-base-patch16-224",
    [
        new("BeitModel", ModelTask.ImageFeatureExtraction, Model),
        new("BeitForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("BeitForMaskedImageModeling", ModelTask.MaskedImageModeling, MaskedImageModeling),
        new("BeitForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
        new("BeitBackbone", ModelTask.Backbone, Backbone),
    ]);

    /// <summary>data2vec for images (arXiv:2202.03555): the layers of BEiT under other names of modules.</summary>
    public static Architecture Data2VecVision { get; } = new("data2vec-vision", "facebook/data2vec-vision-base-ft1k",
    [
        new("Data2VecVisionModel", ModelTask.ImageFeatureExtraction, Data2VecModel),
        new("Data2VecVisionForImageClassification", ModelTask.ImageClassification, ImageClassification),
        new("Data2VecVisionForSemanticSegmentation", ModelTask.ImageSegmentation, SemanticSegmentation),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public (int Height, int Width) ImageSize { get; } = Json.Size("image_size", 224);
        public (int Height, int Width) PatchSize { get; } = Json.Size("patch_size", 16);
        public bool AbsolutePositions { get; } = Json.Bool("use_absolute_position_embeddings", false);
        public bool RelativePositions { get; } = Json.Bool("use_relative_position_bias", false);
        public bool SharedRelativePositions { get; } = Json.Bool("use_shared_relative_position_bias", false);
        public bool LayerScale { get; } = Json.Float("layer_scale_init_value", 0.1f) > 0;
        public bool MeanPooling { get; } = Json.Bool("use_mean_pooling", true);

        /// <summary>Rows and columns of patches that positions and distances were trained for.</summary>
        public (int Rows, int Columns) Grid => (ImageSize.Height / PatchSize.Height, ImageSize.Width / PatchSize.Width);
    }

    // What the layers make of an image, one after another; the first are the embeddings. Each float [B, 1 + N, H].
    private sealed record Encoded(Config Config, Weights Body, Value Patches, IReadOnlyList<Value> States)
    {
        /// <summary>The last state, normalised unless the mean of it is.</summary>
        public Value Hidden => Config.MeanPooling ? States[^1] : States[^1].LayerNorm(Body["layernorm"], Config.Epsilon);

        /// <summary>[B, H].</summary>
        public Value Pooled => Config.MeanPooling ? Hidden.Slice(axis: 1, 1).Mean(axis: 1).LayerNorm(Body["pooler.layernorm"], Config.Epsilon) : Hidden.FirstToken();

        /// <summary>The patches of a state: [B, H, rows, columns].</summary>
        public Value Map(int state) => States[state].Slice(axis: 1, 1).ToMap(Patches.Dim(2), Patches.Dim(3));
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier", "lm_head");
        var encoded = Encode(graph, json, weights);
        return encoded.Hidden.AsStates(encoded.Pooled);
    }

    // The bare model of this family has no pooler.
    private static Outputs Data2VecModel(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("classifier");
        var encoded = Encode(graph, json, weights);
        encoded.Body.Ignore("pooler");
        return new Outputs { { "last_hidden_state", encoded.Hidden } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Encode(graph, json, weights).Pooled.Linear(weights["classifier"]).AsLogits();

    private static Outputs MaskedImageModeling(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var encoded = Encode(graph, json, weights, graph.MaskedPatches());
        encoded.Body.Ignore("pooler");
        // Every patch gets a score for each visual word.
        return encoded.Hidden.LayerNorm(weights["layernorm"], encoded.Config.Epsilon).Slice(axis: 1, 1).Linear(weights["lm_head"]).AsLogits();
    }

    private static Outputs SemanticSegmentation(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("auxiliary_head"); // it helps to train
        var encoded = Encode(graph, json, weights, hasOneSize: true);
        encoded.Body.Ignore("pooler", "layernorm");
        // First files call them otherwise. The numbers count from 1 where the embeddings are the first state, and their order does not matter.
        string[] names = ["out_indices", "segmentation_indices", "semantic_out_indices"];
        var features = json.Ints(Array.Find(names, json.IsList) ?? names[0], 3, 5, 7, 11).Order().Select(index => index >= 1 && index <= encoded.States.Count ? encoded.Map(index - 1)
            : throw json.Invalid("out_indices", $"numbers from 1 to {encoded.States.Count} were expected")).ToList();
        if (features.Count != 4)
            throw json.Invalid("out_indices", "four numbers were expected");
        return Decode(Pyramid(features, weights, Convolutions.Epsilon), weights["decode_head"], json).AsLogits();
    }

    private static Outputs Backbone(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var encoded = Encode(graph, json, weights);
        encoded.Body.Ignore("pooler", "layernorm");
        var asMaps = json.Bool("reshape_hidden_states", true);
        var outputs = json.FeatureMaps(encoded.States.Count, (i, _) => asMaps ? encoded.Map(i) : encoded.States[i]);
        if (!json.Bool("add_fpn", false))
            return outputs;
        if (outputs.Count != 4 || !asMaps)
            throw json.Invalid("add_fpn", "four feature maps were expected with it");
        var maps = Pyramid([.. outputs.Select(output => output.Value)], weights, json.Float("batch_norm_eps", Convolutions.Epsilon));
        var pyramid = new Outputs();
        for (var i = 0; i < maps.Count; i++)
            pyramid.Add(outputs[i].Name, maps[i]);
        return pyramid;
    }

    private static Encoded Encode(GraphBuilder graph, ModelConfig json, Weights weights, Value? masked = null, bool hasOneSize = false)
    {
        var (config, body) = (new Config(json), weights.Body("beit", "data2vec_vision"));
        var embeddings = body["embeddings"];
        var pixels = hasOneSize ? graph.Pixels(json.Channels(), config.ImageSize) : graph.Pixels(json.Channels());
        var map = pixels.Project(embeddings["patch_embeddings.projection"]);
        var x = map.ToTokens().Mask(masked, embeddings).Prepend(embeddings.Get("cls_token"));
        if (config.AbsolutePositions)
            x += embeddings.Get("position_embeddings").FitPositions(leading: 1, config.Grid, map);
        Value? numbers = null;
        Value Positions(Weights table) => RelativePositions(table, numbers ??= Distances(map), map, config);
        var shared = !config.SharedRelativePositions ? null
            : Positions(body[body.Has("shared_position_bias") ? "shared_position_bias" : "encoder.relative_position_bias"]);
        var states = new List<Value> { x };
        for (var i = 0; i < config.Layers; i++)
        {
            var layer = body[body.Has("layers") ? $"layers.{i}" : $"encoder.layer.{i}"];
            var own = !config.RelativePositions ? null
                : Positions(layer[layer.Has("relative_position_bias") ? "relative_position_bias" : "attention.attention.relative_position_bias"]);
            states.Add(x = Layer(x, own is null || shared is null ? own ?? shared : own + shared, layer, config));
        }
        return new Encoded(config, body, map, states);
    }

    private static Value Layer(Value x, Value? bias, Weights weights, Config config)
    {
        // A state dict that transformers 5 saved as it is has the names of that version's modules.
        var (query, key, value, output, up, down) = weights.Has("attention.q_proj")
            ? ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj", "mlp.fc1", "mlp.fc2")
            : ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense", "intermediate.dense", "output.dense");
        var normed = x.LayerNorm(weights["layernorm_before"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights[name]).SplitHeads(config.Heads);
        Value Scaled(Value branch, string name) => config.LayerScale ? branch * weights.Get(name) : branch;
        x = Scaled(Heads(query).Attend(Heads(key), Heads(value), bias).Linear(weights[output]), "lambda_1") + x;
        return Scaled(x.LayerNorm(weights["layernorm_after"], config.Epsilon).Perceptron(weights[up], weights[down], config.Activation), "lambda_2") + x;
    }

    // The number of the distance of each two tokens in the table for a map of that size: int64 [1 + N, 1 + N]. Behind those of patches come that
    // of the first token to a patch, of a patch to it, and of it to itself.
    private static Value Distances(Value map)
    {
        var (graph, one) = (map.Graph, map.Graph.Constant([1L]));
        var (rows, columns) = (graph.Extent(map.Dim(2)), graph.Extent(map.Dim(3)));
        var numbers = (rows * columns).Range(map.ToTokens().Dim(1));
        var row = numbers / columns;
        var column = numbers - row * columns;
        Value Between(Value place, Value extent) => place.Unsqueeze(1) - place.Unsqueeze(0) + (extent - one);
        var patches = Between(row, rows) * (columns + columns - one) + Between(column, columns);
        var (none, count) = (numbers - numbers, (rows + rows - one) * (columns + columns - one));
        var fromFirst = ((Value[])[count + one + one, none + count]).Concat(axis: 0).Unsqueeze(0);
        var toFirst = (none + count + one).Unsqueeze(1);
        return ((Value[])[fromFirst, ((Value[])[toFirst, patches]).Concat(axis: 1)]).Concat(axis: 0);
    }

    // What is added to scores for the distance of two patches, and for the first token: float [1, heads, 1 + N, 1 + N].
    private static Value RelativePositions(Weights weights, Value distances, Value map, Config config)
    {
        weights.Ignore("relative_position_index");
        var (graph, table) = (map.Graph, weights.Get("relative_position_bias_table"));
        var (down, right) = (2L * config.Grid.Rows - 1, 2L * config.Grid.Columns - 1);
        if (table.Rank != 2 || table.Dim(0).Size != down * right + 3)
            throw config.Json.Invalid("image_size", $"the size of the {table.Dim(0)} distances of {table} was expected");
        var one = graph.Constant([1L]);
        Value Reach(int axis) => graph.Extent(map.Dim(axis)) * graph.Constant([2L]) - one;
        // The original takes the table's rows for columns, which only a square does not notice.
        var fitted = table.Slice(axis: 0, 0, down * right).Reshape(1, right, down, table.Dim(1)).ChannelsFirst()
            .ResizeBilinear(((Value[])[Reach(2), Reach(3)]).Concat(0), Dim.Unknown, Dim.Unknown);
        var entries = ((Value[])[fitted.ChannelsLast().Reshape(Dim.Rest, table.Dim(1)), table.Slice(axis: 0, down * right)]).Concat(axis: 0);
        return entries.Gather(distances).Transpose(2, 0, 1).Unsqueeze(0);
    }

    // Four maps of one size as four of falling size.
    private static List<Value> Pyramid(List<Value> maps, Weights weights, float epsilon)
    {
        Value Enlarge(Value map, string name) => map.Deconv2D(weights[name].Kernel(), weights[name].Get("bias"));
        return
        [
            Enlarge(Enlarge(maps[0], "fpn1.0").BatchNorm(weights["fpn1.1"], epsilon).Gelu(), "fpn1.3"),
            Enlarge(maps[1], "fpn2.0"), maps[2], maps[3].MaxPool2D(size: 2, stride: 2, padding: 0),
        ];
    }

    // UPerNet (arXiv:1807.10221): pools the smallest map at several scales, and adds each map to the next larger one.
    private static Value Decode(List<Value> features, Weights head, ModelConfig json)
    {
        Value Block(Value map, string name) => map.Convolve(head[name]["conv"]).BatchNorm(head[name]["bn"]).Relu();
        Value ResizeTo(Value map, Value other) => map.ResizeBilinear(other.SizeOf(), other.Dim(2), other.Dim(3));
        var scales = json.Ints("pool_scales", 1, 2, 3, 6);
        var smallest = features[^1];
        var pooled = new List<Value> { smallest };
        for (var i = 0; i < scales.Count; i++)
            pooled.Add(ResizeTo(Block(smallest.AdaptiveAveragePool(scales[i] is > 0 and <= 64 ? scales[i]
                : throw json.Invalid("pool_scales", "numbers from 1 to 64 were expected")), $"psp_modules.{i}.1"), smallest));
        var laterals = features.SkipLast(1).Select((map, i) => Block(map, $"lateral_convs.{i}")).Append(Block(pooled.Concat(axis: 1), "bottleneck")).ToArray();
        for (var i = laterals.Length - 1; i > 0; i--)
            laterals[i - 1] += ResizeTo(laterals[i], laterals[i - 1]);
        var outputs = laterals.SkipLast(1).Select((map, i) => Block(map, $"fpn_convs.{i}")).Append(laterals[^1]).ToArray();
        for (var i = outputs.Length - 1; i > 0; i--)
            outputs[i] = ResizeTo(outputs[i], outputs[0]);
        return Block(outputs.Concat(axis: 1), "fpn_bottleneck").Convolve(head["classifier"]);
    }
}
