namespace Gpux.Bench.Inputs;

/// <summary>An encoder of a published size with weights by chance.</summary>
/// <param name="Name">Of the published model.</param>
/// <param name="Config">config.json.</param>
/// <param name="Tensors">By the names of its checkpoint.</param>
/// <param name="Flops">Operations of the matrix products of one run, attention's included, by batch and tokens; a multiply-add counts as two.</param>
/// <param name="ImageSize">Pixels a side; null unless the input is pictures.</param>
/// <param name="Samples">Null unless the input is sound.</param>
internal sealed record EncoderShape(
    string Name, string Config, IReadOnlyList<(string Name, long[] Shape)> Tensors, Func<int, int, double> Flops, int? ImageSize = null, int? Samples = null)
{
    private const int Hidden = 768, Inner = 3072, Layers = 12, Vocabulary = 30522;

    /// <summary>The shapes that are measured; one line adds one.</summary>
    public static IReadOnlyList<EncoderShape> All => [ModernBert(), DebertaV3(), ViT(), ConvNextTiny(), Wav2Vec2()];

    // answerdotai/ModernBERT-base: 22 layers with gated projections, two of three local. Its vocabulary is BERT's here: tables cost nothing.
    private static EncoderShape ModernBert()
    {
        const int Inner = 1152, Layers = 22;
        var tensors = new TensorList();
        tensors.Add("embeddings.tok_embeddings.weight", Vocabulary, Hidden);
        tensors.Add("embeddings.norm.weight", Hidden);
        for (var i = 0; i < Layers; i++)
        {
            if (i > 0)
                tensors.Add($"layers.{i}.attn_norm.weight", Hidden);
            tensors.Add($"layers.{i}.attn.Wqkv.weight", 3 * Hidden, Hidden);
            tensors.Add($"layers.{i}.attn.Wo.weight", Hidden, Hidden);
            tensors.Add($"layers.{i}.mlp_norm.weight", Hidden);
            tensors.Add($"layers.{i}.mlp.Wi.weight", 2 * Inner, Hidden);
            tensors.Add($"layers.{i}.mlp.Wo.weight", Hidden, Inner);
        }
        tensors.Add("final_norm.weight", Hidden);
        return new EncoderShape("modernbert-base", $$"""
            {"architectures": ["ModernBertModel"], "model_type": "modernbert", "vocab_size": {{Vocabulary}}, "hidden_size": {{Hidden}}, "intermediate_size": {{Inner}},
             "num_hidden_layers": {{Layers}}, "num_attention_heads": 12, "global_attn_every_n_layers": 3, "local_attention": 128, "max_position_embeddings": 8192,
             "norm_bias": false, "attention_bias": false, "mlp_bias": false, "pad_token_id": 0}
            """, tensors, (batch, tokens) => batch * Layers * (2.0 * tokens * (4.0 * Hidden * Hidden + 3.0 * Hidden * Inner) + 4.0 * tokens * tokens * Hidden));
    }

    // microsoft/deberta-v3-base: attention by content and by relative position, in 256 buckets to each side.
    private static EncoderShape DebertaV3()
    {
        const int Positions = 512;
        var tensors = new TensorList();
        tensors.Add("embeddings.word_embeddings.weight", Vocabulary, Hidden);
        tensors.AddNorm("embeddings.LayerNorm", Hidden);
        tensors.Add("encoder.rel_embeddings.weight", Positions, Hidden);
        tensors.AddNorm("encoder.LayerNorm", Hidden);
        for (var i = 0; i < Layers; i++)
        {
            var layer = $"encoder.layer.{i}";
            foreach (var part in (ReadOnlySpan<string>)["self.query_proj", "self.key_proj", "self.value_proj", "output.dense"])
                tensors.AddLinear($"{layer}.attention.{part}", Hidden, Hidden);
            tensors.AddNorm($"{layer}.attention.output.LayerNorm", Hidden);
            tensors.AddLinear($"{layer}.intermediate.dense", Inner, Hidden);
            tensors.AddLinear($"{layer}.output.dense", Hidden, Inner);
            tensors.AddNorm($"{layer}.output.LayerNorm", Hidden);
        }
        // The positions' projections do not depend on the input, and texts need no more distances than they have.
        return new EncoderShape("deberta-v3-base", $$"""
            {"architectures": ["DebertaV2Model"], "model_type": "deberta-v2", "vocab_size": {{Vocabulary}}, "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}},
             "num_attention_heads": 12, "intermediate_size": {{Inner}}, "hidden_act": "gelu", "max_position_embeddings": {{Positions}}, "relative_attention": true,
             "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": "p2c|c2p", "max_relative_positions": -1,
             "position_biased_input": false, "type_vocab_size": 0, "layer_norm_eps": 1e-07, "pad_token_id": 0}
            """, tensors, (batch, tokens) => batch * Layers
                * (2.0 * tokens * (4.0 * Hidden * Hidden + 2.0 * Hidden * Inner) + 4.0 * tokens * tokens * Hidden + 4.0 * tokens * Math.Min(Positions, 2.0 * tokens) * Hidden));
    }

    // google/vit-base-patch16-224: 196 patches and a class token.
    private static EncoderShape ViT()
    {
        const int Size = 224, Patch = 16, Places = Size / Patch * (Size / Patch) + 1;
        var tensors = new TensorList();
        tensors.Add("embeddings.cls_token", 1, 1, Hidden);
        tensors.Add("embeddings.position_embeddings", 1, Places, Hidden);
        tensors.Add("embeddings.patch_embeddings.projection.weight", Hidden, 3, Patch, Patch);
        tensors.Add("embeddings.patch_embeddings.projection.bias", Hidden);
        for (var i = 0; i < Layers; i++)
        {
            var layer = $"encoder.layer.{i}";
            foreach (var part in (ReadOnlySpan<string>)["attention.query", "attention.key", "attention.value", "output.dense"])
                tensors.AddLinear($"{layer}.attention.{part}", Hidden, Hidden);
            tensors.AddLinear($"{layer}.intermediate.dense", Inner, Hidden);
            tensors.AddLinear($"{layer}.output.dense", Hidden, Inner);
            tensors.AddNorm($"{layer}.layernorm_before", Hidden);
            tensors.AddNorm($"{layer}.layernorm_after", Hidden);
        }
        tensors.AddNorm("layernorm", Hidden);
        tensors.AddLinear("pooler.dense", Hidden, Hidden);
        return new EncoderShape("vit-base", $$"""
            {"architectures": ["ViTModel"], "model_type": "vit", "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 12,
             "intermediate_size": {{Inner}}, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "image_size": {{Size}}, "patch_size": {{Patch}}, "num_channels": 3, "qkv_bias": true}
            """, tensors, (batch, _) => batch * (Layers * (2.0 * Places * (4.0 * Hidden * Hidden + 2.0 * Hidden * Inner) + 4.0 * Places * Places * Hidden)
                + 2.0 * (Places - 1) * Hidden * 3 * Patch * Patch + 2.0 * Hidden * Hidden), Size);
    }

    // facebook/convnext-tiny-224.
    private static EncoderShape ConvNextTiny()
    {
        const int Size = 224;
        var tensors = new TensorList();
        tensors.AddConvolution("embeddings.patch_embeddings", 96, 3, 4, 4);
        tensors.AddNorm("embeddings.layernorm", 96);
        var flops = 0.0;
        var (places, channels) = (Size / 4 * (Size / 4), 96);
        flops += 2.0 * places * channels * 3 * 16;
        foreach (var (stage, depth) in ((int, int)[])[(0, 3), (1, 3), (2, 9), (3, 3)])
        {
            var prefix = $"encoder.stages.{stage}";
            if (stage > 0)
            {
                tensors.AddNorm($"{prefix}.downsampling_layer.0", channels);
                tensors.AddConvolution($"{prefix}.downsampling_layer.1", 2 * channels, channels, 2, 2);
                (places, channels) = (places / 4, 2 * channels);
                flops += 2.0 * places * channels * (channels / 2) * 4;
            }
            for (var i = 0; i < depth; i++)
            {
                tensors.Add($"{prefix}.layers.{i}.layer_scale_parameter", channels);
                tensors.AddConvolution($"{prefix}.layers.{i}.dwconv", channels, 1, 7, 7);
                tensors.AddNorm($"{prefix}.layers.{i}.layernorm", channels);
                tensors.AddLinear($"{prefix}.layers.{i}.pwconv1", 4 * channels, channels);
                tensors.AddLinear($"{prefix}.layers.{i}.pwconv2", channels, 4 * channels);
                flops += 2.0 * places * channels * (49 + 8.0 * channels);
            }
        }
        tensors.AddNorm("layernorm", channels);
        return new EncoderShape("convnext-tiny", $$"""
            {"architectures": ["ConvNextModel"], "model_type": "convnext", "num_channels": 3, "patch_size": 4, "hidden_sizes": [96, 192, 384, 768], "depths": [3, 3, 9, 3],
             "hidden_act": "gelu", "layer_norm_eps": 1e-12, "layer_scale_init_value": 1e-06, "image_size": {{Size}}}
            """, tensors, (batch, _) => batch * flops, Size);
    }

    // facebook/wav2vec2-base: seven convolutions make 50 places of a second, of which there are five.
    private static EncoderShape Wav2Vec2()
    {
        const int Samples = 80_000, Channels = 512, PositionGroups = 16, PositionKernel = 128;
        var tensors = new TensorList();
        tensors.Add("masked_spec_embed", Hidden);
        var (length, inputs, flops) = (Samples, 1, 0.0);
        foreach (var (i, kernel, stride) in ((int, int, int)[])[(0, 10, 5), (1, 3, 2), (2, 3, 2), (3, 3, 2), (4, 3, 2), (5, 2, 2), (6, 2, 2)])
        {
            tensors.Add($"feature_extractor.conv_layers.{i}.conv.weight", Channels, inputs, kernel);
            length = (length - kernel) / stride + 1;
            flops += 2.0 * length * Channels * inputs * kernel;
            inputs = Channels;
        }
        tensors.AddNorm("feature_extractor.conv_layers.0.layer_norm", Channels);
        tensors.AddNorm("feature_projection.layer_norm", Channels);
        tensors.AddLinear("feature_projection.projection", Hidden, Channels);
        tensors.Add("encoder.pos_conv_embed.conv.weight_g", 1, 1, PositionKernel);
        tensors.Add("encoder.pos_conv_embed.conv.weight_v", Hidden, Hidden / PositionGroups, PositionKernel);
        tensors.Add("encoder.pos_conv_embed.conv.bias", Hidden);
        tensors.AddNorm("encoder.layer_norm", Hidden);
        for (var i = 0; i < Layers; i++)
        {
            var layer = $"encoder.layers.{i}";
            foreach (var part in (ReadOnlySpan<string>)["q_proj", "k_proj", "v_proj", "out_proj"])
                tensors.AddLinear($"{layer}.attention.{part}", Hidden, Hidden);
            tensors.AddNorm($"{layer}.layer_norm", Hidden);
            tensors.AddLinear($"{layer}.feed_forward.intermediate_dense", Inner, Hidden);
            tensors.AddLinear($"{layer}.feed_forward.output_dense", Hidden, Inner);
            tensors.AddNorm($"{layer}.final_layer_norm", Hidden);
        }
        flops += 2.0 * length * (Channels * Hidden + Hidden * (double)Hidden / PositionGroups * PositionKernel)
            + Layers * (2.0 * length * (4.0 * Hidden * Hidden + 2.0 * Hidden * Inner) + 4.0 * length * length * Hidden);
        return new EncoderShape("wav2vec2-base", $$"""
            {"architectures": ["Wav2Vec2Model"], "model_type": "wav2vec2", "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 12,
             "intermediate_size": {{Inner}}, "hidden_act": "gelu", "feat_extract_norm": "group", "feat_extract_activation": "gelu", "conv_bias": false,
             "conv_dim": [512, 512, 512, 512, 512, 512, 512], "conv_kernel": [10, 3, 3, 3, 3, 2, 2], "conv_stride": [5, 2, 2, 2, 2, 2, 2],
             "num_feat_extract_layers": 7, "num_conv_pos_embeddings": {{PositionKernel}}, "num_conv_pos_embedding_groups": {{PositionGroups}},
             "do_stable_layer_norm": false, "layer_norm_eps": 1e-05, "vocab_size": 32}
            """, tensors, (batch, _) => batch * flops, null, Samples);
    }

    private sealed class TensorList : List<(string Name, long[] Shape)>
    {
        public void Add(string name, params long[] shape) => Add((name, shape));

        public void AddNorm(string name, int size)
        {
            Add($"{name}.weight", size);
            Add($"{name}.bias", size);
        }

        public void AddConvolution(string name, params long[] shape)
        {
            Add($"{name}.weight", shape);
            Add($"{name}.bias", shape[0]);
        }

        public void AddLinear(string name, int outputs, int inputs)
        {
            Add($"{name}.weight", outputs, inputs);
            Add($"{name}.bias", outputs);
        }
    }
}
