using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>CLAP: a tower for sounds and one for texts that give vectors of one space. The tower for sounds is HTSAT, a Swin Transformer
/// over a mel spectrogram folded into a square; that for texts is RoBERTa.</summary>
/// <remarks>Source: arXiv:2211.06687, HTSAT arXiv:2202.00874; outputs of transformers 4.40 and 5.23, modeling_clap.py. A = sounds,
/// B = texts, C = channels, D = size of the vectors.</remarks>
internal static class Clap
{
    public static Architecture Architecture { get; } = new("clap", "laion/clap-htsat-unfused",
    [
        new("ClapModel", ModelTask.ZeroShotAudioClassification, Both),
        new("ClapAudioModelWithProjection", ModelTask.FeatureExtraction, AudioEmbeddings),
        new("ClapTextModelWithProjection", ModelTask.FeatureExtraction, TextEmbeddings),
        new("ClapAudioModel", ModelTask.FeatureExtraction, Audio),
        new("ClapTextModel", ModelTask.FeatureExtraction, Text),
        new("ClapModel.get_audio_features", ModelTask.FeatureExtraction, AudioFeatures),
        new("ClapModel.get_text_features", ModelTask.FeatureExtraction, TextFeatures),
    ]);

    /// <summary>The tower for sounds alone, which has a configuration of its own.</summary>
    public static Architecture AudioModel { get; } = new("clap_audio_model", "laion/clap-htsat-unfused", [Architecture.Heads[3], Architecture.Heads[1]]);

    /// <summary>The tower for texts alone.</summary>
    public static Architecture TextModel { get; } = new("clap_text_model", "laion/clap-htsat-unfused", [Architecture.Heads[4], Architecture.Heads[2]]);

    // Far more than any model has, and few enough to be computed with.
    private const int LargestSide = 1 << 14;

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record AudioConfig(ModelConfig Json)
    {
        public int MelBins { get; } = Json.Int("num_mel_bins", 64, minimum: 1);
        public int Side { get; } = Json.Int("spec_size", 256, minimum: 1);
        public (int Rows, int Columns) Patch { get; } = Json.Size("patch_size", 4);
        public (int Rows, int Columns) Stride { get; } = Json.Size("patch_stride", 4);
        public int Window { get; } = Json.Int("window_size", 8, minimum: 1);
        public IReadOnlyList<int> Depths { get; } = Json.Ints("depths", 2, 2, 6, 2);
        public IReadOnlyList<int> Heads { get; } = Json.Ints("num_attention_heads", 4, 8, 16, 32);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public bool NormalizesPatches { get; } = Json.Bool("enable_patch_layer_norm", true);

        /// <summary>Whether long sounds are given as a whole and as three parts.</summary>
        public bool IsFused { get; } = Json.Bool("enable_fusion", false);

        /// <summary>How many pieces of time the spectrogram is folded into, one above the other.</summary>
        public int Folds => Side / MelBins;

        public AudioConfig Checked()
        {
            if (Side > LargestSide || Folds == 0 || Side % Folds != 0)
                throw Json.Invalid("spec_size", $"a side of at most {LargestSide} that holds the mel bins once or several times was expected");
            if (Window > WindowAttention.LargestSize)
                throw Json.Invalid("window_size", $"at most {WindowAttention.LargestSize} was expected");
            if (Heads.Count != Depths.Count || Depths.Count is 0 or > 16 || Heads.Any(heads => heads < 1) || Depths.Any(depth => depth is < 0 or > 1024))
                throw Json.Invalid("num_attention_heads", "a number for each of depths was expected");
            // What the original accepts, and then fails with.
            foreach (var (isOdd, field) in ((bool, string)[])[
                (!Json.Bool("flatten_patch_embeds", true), "flatten_patch_embeds"), (Json.Int("patch_embed_input_channels", 1) != 1, "patch_embed_input_channels"),
                (IsFused && Json.Text("fusion_type", "aff_2d") == "channel_map", "fusion_type"), (Patch.Rows < Stride.Rows || Patch.Columns < Stride.Columns, "patch_stride")])
            {
                if (isOdd)
                    throw new UnsupportedModelException($"A CLAP with this '{field}' in config.json is not built.", "Published models of the family have another; use one of these.");
            }
            return this;
        }
    }

    private static Outputs Both(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var texts = ProjectTexts(graph, json, weights, out _).Normalize();
        var sounds = ProjectSounds(graph, json, weights, out _).Normalize();
        return new Outputs
        {
            { "logits_per_audio", sounds.MatMul(texts.Transpose(1, 0)) * weights.Get("logit_scale_a").Exp() },
            { "logits_per_text", texts.MatMul(sounds.Transpose(1, 0)) * weights.Get("logit_scale_t").Exp() },
            { "text_embeds", texts },
            { "audio_embeds", sounds },
        };
    }

    private static Outputs AudioFeatures(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreTexts(weights);
        return new Outputs { { "audio_features", ProjectSounds(graph, json, weights, out _).Normalize() } };
    }

    private static Outputs TextFeatures(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreSounds(weights);
        return new Outputs { { "text_features", ProjectTexts(graph, json, weights, out _).Normalize() } };
    }

    private static Outputs AudioEmbeddings(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreTexts(weights);
        return new Outputs { { "audio_embeds", ProjectSounds(graph, json, weights, out var map) }, { "last_hidden_state", Fold(map, json) } };
    }

    private static Outputs TextEmbeddings(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreSounds(weights);
        return new Outputs { { "text_embeds", ProjectTexts(graph, json, weights, out var hidden) }, { "last_hidden_state", hidden } };
    }

    private static Outputs Audio(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreTexts(weights);
        weights.Ignore("audio_projection");
        var map = EncodeSounds(graph, json, weights);
        return new Outputs { { "last_hidden_state", Fold(map, json) }, { "pooler_output", map.Mean(axis: 2).Mean(axis: 1) } };
    }

    private static Outputs Text(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        IgnoreSounds(weights);
        weights.Ignore("text_projection");
        var (hidden, body) = EncodeTexts(graph, json, weights);
        return hidden.AsStates(body);
    }

    private static void IgnoreTexts(Weights weights) => weights.Ignore("text_model", "text_projection", "logit_scale_a", "logit_scale_t");

    private static void IgnoreSounds(Weights weights) => weights.Ignore("audio_model", "audio_projection", "logit_scale_a", "logit_scale_t");

    private static Value Normalize(this Value vectors) => vectors / vectors.Norm(axis: -1, keep: true);

    private static Value Project(this Value pooled, Weights weights, ModelConfig json) =>
        pooled.Linear(weights["linear1"]).Apply(json.Text("projection_hidden_act", "relu")).Linear(weights["linear2"]);

    // [B, D]
    private static Value ProjectTexts(GraphBuilder graph, ModelConfig json, Weights weights, out Value hidden)
    {
        (hidden, var body) = EncodeTexts(graph, json, weights);
        return hidden.Pool(body["pooler.dense"]).Project(weights["text_projection"], TextSection(json));
    }

    private static ModelConfig TextSection(ModelConfig json) => json.Has("text_config") ? json.Section("text_config") : json;

    private static (Value Hidden, Weights Body) EncodeTexts(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (section, body) = (TextSection(json), weights.Body("text_model"));
        var (shape, inputs, embeddings) = (BertShape.Of(section), TextInputs.Rows(graph), body["embeddings"]);
        embeddings.Ignore("position_ids", "token_type_ids");
        var x = inputs.EmbedTokens(embeddings, tokenTypes: 1); // all tokens are of the first type, however many there are
        if (shape.HasAbsolutePositions)
            x += inputs.Ids.PositionsBehindPadding(section.Int("pad_token_id", 1)).Embedding(embeddings["position_embeddings"]);
        else
            embeddings.Ignore("position_embeddings");
        x = x.LayerNorm(embeddings["LayerNorm"], shape.Epsilon).BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return (x, body);
    }

    // [A, D]
    private static Value ProjectSounds(GraphBuilder graph, ModelConfig json, Weights weights, out Value map)
    {
        map = EncodeSounds(graph, json, weights);
        return map.Mean(axis: 2).Mean(axis: 1).Project(weights["audio_projection"], AudioSection(json));
    }

    private static ModelConfig AudioSection(ModelConfig json) => json.Has("audio_config") ? json.Section("audio_config") : json;

    // What the Swin Transformer makes of each spectrogram: a map [A, rows, columns, C].
    private static Value EncodeSounds(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new AudioConfig(AudioSection(json)).Checked();
        var body = weights.Body("audio_model")["audio_encoder"];
        var features = graph.Input("input_features", ElementType.Float32, "audio_batch_size", config.IsFused ? 4 : 1, "frames", config.MelBins);
        var isLonger = config.IsFused ? graph.Input("is_longer", ElementType.Bool, "audio_batch_size", 1) : null;
        var normed = features.Transpose(0, 3, 2, 1).BatchNorm(body["batch_norm"]).Transpose(0, 3, 2, 1); // each mel bin by itself
        var x = EmbedPatches(Square(normed, config), isLonger, body["patch_embed"], config);
        for (var stage = 0; stage < config.Depths.Count; stage++)
        {
            // Windows are not shifted where one covers the map.
            var (rows, columns) = (x.Dim(1).Size!.Value, x.Dim(2).Size!.Value); // the side is fixed
            var isCovered = Math.Min(rows, columns) <= config.Window;
            var size = isCovered ? (int)Math.Min(rows, columns) : config.Window;
            for (var i = 0; i < config.Depths[stage]; i++)
            {
                var shift = i % 2 == 0 || isCovered || size < 2 ? null : graph.Constant([size / 2L]);
                x = Layer(x, size, shift, config.Heads[stage], body[$"layers.{stage}.blocks.{i}"], config);
            }
            if (stage < config.Depths.Count - 1)
                x = Merge(x, body[$"layers.{stage}.downsample"]);
        }
        return x.LayerNorm(body["norm"], Convolutions.Epsilon);
    }

    // Stretches the time to the square's area if it is shorter, cuts it into pieces and lays these above each other: [A, channels, side, side].
    private static Value Square(Value features, AudioConfig config)
    {
        var (length, bins, folds) = (config.Side * config.Folds, config.Side / config.Folds, config.Folds);
        var channels = features.Dim(1);
        return features.ResizeBicubicCorners(length, bins).Reshape(features.Dim(0), channels, folds, config.Side, bins)
            .Transpose(0, 1, 2, 4, 3).Reshape(features.Dim(0), channels, config.Side, config.Side);
    }

    // [A, rows, columns, C]
    private static Value EmbedPatches(Value square, Value? isLonger, Weights weights, AudioConfig config)
    {
        var padding = ((config.Patch.Rows - config.Stride.Rows) / 2, (config.Patch.Columns - config.Stride.Columns) / 2);
        var whole = (isLonger is null ? square : square.Slice(axis: 1, 0, 1)).Conv2D(weights["proj"].Kernel(), weights["proj"].Get("bias"), config.Stride, padding);
        var map = isLonger is null ? whole
            : isLonger.Unsqueeze(2, 3).Where(Fuse(whole, Parts(square.Slice(axis: 1, 1), whole, padding, weights["mel_conv2d"], config), weights["fusion_model"]), whole);
        if (map.Dim(2).Size != config.Side / config.Stride.Rows || map.Dim(3).Size != config.Side / config.Stride.Columns)
            throw config.Json.Invalid("patch_size", "patches that cover the square were expected");
        var x = map.ChannelsLast();
        return config.NormalizesPatches ? x.LayerNorm(weights["norm"], Convolutions.Epsilon) : x;
    }

    // The parts of a long sound side by side, on a map of the whole sound's size.
    private static Value Parts(Value parts, Value whole, (int, int) padding, Weights weights, AudioConfig config)
    {
        var (side, count) = (parts.Dim(2), parts.Dim(1));
        var maps = parts.Reshape(Dim.Rest, 1, side, side)
            .Conv2D(weights.Kernel(), weights.Get("bias"), (config.Stride.Rows, config.Stride.Columns * 3), padding);
        var (channels, rows, columns) = (maps.Dim(1), maps.Dim(2), maps.Dim(3));
        var joined = maps.Reshape(parts.Dim(0), count, channels, rows, columns).Transpose(0, 2, 3, 1, 4).Reshape(parts.Dim(0), channels, rows, count * columns);
        var missing = (whole.Dim(3).Size - joined.Dim(3).Size)!.Value; // the side is fixed
        return missing == 0 ? joined : joined.PadZeros(parts.Graph.Constant([0, missing]), 3);
    }

    // Attentional feature fusion (arXiv:2009.14082) of the whole sound and its parts.
    private static Value Fuse(Value whole, Value parts, Weights weights)
    {
        var sum = whole + parts;
        Value Bottleneck(Value x, Weights layers, int first) => x.Convolve(layers[$"{first}"]).BatchNorm(layers[$"{first + 1}"]).Relu()
            .Convolve(layers[$"{first + 3}"]).BatchNorm(layers[$"{first + 4}"]);
        var share = (Bottleneck(sum, weights["local_att"], 0) + Bottleneck(sum.GlobalAveragePool(), weights["global_att"], 1)).Sigmoid();
        return 2f * whole * share + 2f * parts * (1f - share);
    }

    private static Value Layer(Value x, int size, Value? shift, int heads, Weights weights, AudioConfig config)
    {
        var attention = weights["attention.self"];
        attention.Ignore("relative_position_index");
        var windows = new WindowAttention(x.LayerNorm(weights["layernorm_before"], config.Epsilon), size, shift);
        Value Project(string name) => windows.Places.Linear(attention[name]);
        var bias = WindowAttention.BiasOf(attention.Get("relative_position_bias_table"), size);
        x += windows.Attend(Project("query"), Project("key"), Project("value"), bias, heads).Linear(weights["attention.output.dense"]);
        return x + x.LayerNorm(weights["layernorm_after"], config.Epsilon).FeedForward(weights, config.Activation);
    }

    // Four neighbours become one place of twice the channels.
    private static Value Merge(Value x, Weights weights)
    {
        x = x.PadToMultiple(2, rowAxis: 1);
        Value Corner(int row, int column) => x.Slice(axis: 1, row, step: 2).Slice(axis: 2, column, step: 2);
        return ((Value[])[Corner(0, 0), Corner(1, 0), Corner(0, 1), Corner(1, 1)]).Concat(axis: 3)
            .LayerNorm(weights["norm"], Convolutions.Epsilon).Linear(weights["reduction"]);
    }

    // Undoes the folding: the pieces of time beside each other again, [A, C, rows / folds, folds * columns].
    private static Value Fold(Value map, ModelConfig json)
    {
        var section = AudioSection(json);
        var (rows, folds) = (map.Dim(1).Size!.Value, new AudioConfig(section).Folds); // the side is fixed
        if (rows < folds)
            throw section.Invalid("spec_size", "a map with a row for each piece of time was expected");
        var bins = rows / folds;
        return map.ChannelsFirst().Reshape(map.Dim(0), map.Dim(3), rows / bins, bins, map.Dim(2)).Transpose(0, 1, 3, 2, 4)
            .Reshape(map.Dim(0), map.Dim(3), bins, Dim.Rest);
    }
}
