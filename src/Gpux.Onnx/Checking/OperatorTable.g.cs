// Made by eng/operator-table.cs, which explains the lines.
namespace Gpux.Onnx.Checking;

internal static partial class OperatorTable
{
    private static ReadOnlySpan<byte> Default => """
        ATen 1 unchecked
        Abs 1 r r consumed_inputs:ii
        Abs 6 r r
        Acos 7 r r
        Acosh 9 r r
        Add 1 rr r axis:i broadcast:i consumed_inputs:ii
        Add 6 rr r axis:i broadcast:i
        Add 7 rr r
        Affine 1 unchecked
        AffineGrid 20 rr r align_corners:i
        And 1 rr r axis:i broadcast:i
        And 7 rr r
        ArgMax 1 r r axis:i keepdims:i
        ArgMax 12 r r axis:i keepdims:i select_last_index:i
        ArgMin 1 r r axis:i keepdims:i
        ArgMin 12 r r axis:i keepdims:i select_last_index:i
        Asin 7 r r
        Asinh 9 r r
        Atan 7 r r
        Atanh 9 r r
        Attention 23 rrrooo rooo is_causal:i kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i scale:f softcap:f softmax_precision:i
        Attention 24 rrroooo rooo is_causal:i kv_num_heads:i q_num_heads:i qk_matmul_output_mode:i scale:f softcap:f softmax_precision:i
        Attention 25 rrroooo rooo is_causal:i kv_num_heads:i left_window_size:i q_num_heads:i qk_matmul_output_mode:i right_window_size:i scale:f softcap:f softmax_precision:i
        AveragePool 1 r r auto_pad:s kernel_shape:ii! pads:ii strides:ii
        AveragePool 7 r r auto_pad:s count_include_pad:i kernel_shape:ii! pads:ii strides:ii
        AveragePool 10 r r auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:ii! pads:ii strides:ii
        AveragePool 19 r r auto_pad:s ceil_mode:i count_include_pad:i dilations:ii kernel_shape:ii! pads:ii strides:ii
        BatchNormalization 1 rrrrr roooo consumed_inputs:ii! epsilon:f is_test:i momentum:f spatial:i
        BatchNormalization 6 rrrrr roooo epsilon:f is_test:i momentum:f spatial:i
        BatchNormalization 7 rrrrr roooo epsilon:f momentum:f spatial:i
        BatchNormalization 9 rrrrr roooo epsilon:f momentum:f
        BatchNormalization 14 rrrrr roo epsilon:f momentum:f training_mode:i
        Bernoulli 15 r r dtype:i seed:f
        BitCast 26 r r to:i!
        BitShift 11 rr r direction:s!
        BitwiseAnd 18 rr r
        BitwiseNot 18 r r
        BitwiseOr 18 rr r
        BitwiseXor 18 rr r
        BlackmanWindow 17 r r output_datatype:i periodic:i
        Cast 1 r r to:s!
        Cast 6 r r to:i!
        Cast 19 r r saturate:i to:i!
        Cast 24 r r round_mode:s saturate:i to:i!
        CastLike 15 rr r
        CastLike 19 rr r saturate:i
        CastLike 24 rr r round_mode:s saturate:i
        CausalConvWithState 27 rroo rr activation:s
        Ceil 1 r r consumed_inputs:ii
        Ceil 6 r r
        Celu 12 r r alpha:f
        CenterCropPad 18 rr r axes:ii
        Clip 1 r r consumed_inputs:ii max:f min:f
        Clip 6 r r max:f min:f
        Clip 11 roo r
        Col2Im 18 rrr r dilations:ii pads:ii strides:ii
        Compress 9 rr r axis:i
        Concat 1 + r axis:i
        Concat 4 + r axis:i!
        ConcatFromSequence 11 r r axis:i! new_axis:i
        Constant 1 . r value:t!
        Constant 11 . r sparse_value:p value:t
        Constant 12 . r sparse_value:p value:t value_float:f value_floats:ff value_int:i value_ints:ii value_string:s value_strings:ss
        ConstantFill 1 unchecked
        ConstantOfShape 9 r r value:t
        Conv 1 rro r auto_pad:s dilations:ii group:i kernel_shape:ii pads:ii strides:ii
        ConvInteger 10 rroo r auto_pad:s dilations:ii group:i kernel_shape:ii pads:ii strides:ii
        ConvTranspose 1 rro r auto_pad:s dilations:ii group:i kernel_shape:ii output_padding:ii output_shape:ii pads:ii strides:ii
        Cos 7 r r
        Cosh 9 r r
        Crop 1 unchecked
        CumProd 26 rr r exclusive:i reverse:i
        CumSum 11 rr r exclusive:i reverse:i
        DFT 17 ro r axis:i inverse:i onesided:i
        DFT 20 roo r inverse:i onesided:i
        DeformConv 19 rrroo r dilations:ii group:i kernel_shape:ii offset_group:i pads:ii strides:ii
        DepthToSpace 1 r r blocksize:i!
        DepthToSpace 11 r r blocksize:i! mode:s
        DequantizeLinear 10 rro r
        DequantizeLinear 13 rro r axis:i
        DequantizeLinear 21 rro r axis:i block_size:i
        DequantizeLinear 23 rro r axis:i block_size:i output_dtype:i
        Det 11 r r
        Div 1 rr r axis:i broadcast:i consumed_inputs:ii
        Div 6 rr r axis:i broadcast:i
        Div 7 rr r
        Dropout 1 r ro consumed_inputs:ii is_test:i ratio:f
        Dropout 6 r ro is_test:i ratio:f
        Dropout 7 r ro ratio:f
        Dropout 12 roo ro seed:i
        DynamicQuantizeLinear 11 r rrr
        DynamicSlice 1 unchecked
        Einsum 12 + r equation:s!
        Elu 1 r r alpha:f consumed_inputs:ii
        Elu 6 r r alpha:f
        Equal 1 rr r axis:i broadcast:i
        Equal 7 rr r
        Erf 9 r r
        Exp 1 r r consumed_inputs:ii
        Exp 6 r r
        Expand 8 rr r
        EyeLike 9 r r dtype:i k:i
        Flatten 1 r r axis:i
        Floor 1 r r consumed_inputs:ii
        Floor 6 r r
        GRU 1 rrrooo or activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i output_sequence:i
        GRU 3 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i linear_before_reset:i output_sequence:i
        GRU 7 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i linear_before_reset:i
        GRU 14 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i layout:i linear_before_reset:i
        GRUUnit 1 unchecked
        Gather 1 rr r axis:i
        GatherElements 11 rr r axis:i
        GatherND 11 rr r
        GatherND 12 rr r batch_dims:i
        Gelu 20 r r approximate:s
        Gemm 1 rrr r alpha:f beta:f broadcast:i transA:i transB:i
        Gemm 7 rrr r alpha:f beta:f transA:i transB:i
        Gemm 11 rro r alpha:f beta:f transA:i transB:i
        GivenTensorFill 1 unchecked
        GlobalAveragePool 1 r r
        GlobalLpPool 1 r r p:f
        GlobalLpPool 2 r r p:i
        GlobalMaxPool 1 r r
        Greater 1 rr r axis:i broadcast:i
        Greater 7 rr r
        GreaterOrEqual 12 rr r
        GridSample 16 rr r align_corners:i mode:s padding_mode:s
        GroupNormalization 18 rrr r epsilon:f num_groups:i!
        GroupNormalization 21 rrr r epsilon:f num_groups:i! stash_type:i
        HammingWindow 17 r r output_datatype:i periodic:i
        HannWindow 17 r r output_datatype:i periodic:i
        HardSigmoid 1 r r alpha:f beta:f consumed_inputs:ii
        HardSigmoid 6 r r alpha:f beta:f
        HardSwish 14 r r
        Hardmax 1 r r axis:i
        Identity 1 r r
        If 1 r + else_branch:g! then_branch:g!
        ImageDecoder 20 r r pixel_format:s
        ImageScaler 1 unchecked
        InstanceNormalization 1 rrr r consumed_inputs:ii epsilon:f
        InstanceNormalization 6 rrr r epsilon:f
        IsInf 10 r r detect_negative:i detect_positive:i
        IsNaN 9 r r
        LRN 1 r r alpha:f beta:f bias:f size:i!
        LSTM 1 rrrooooo ooo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i input_forget:i output_sequence:i
        LSTM 7 rrrooooo ooo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i input_forget:i
        LSTM 14 rrrooooo ooo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i input_forget:i layout:i
        LayerNormalization 17 rro roo axis:i epsilon:f stash_type:i
        LeakyRelu 1 r r alpha:f consumed_inputs:ii
        LeakyRelu 6 r r alpha:f
        Less 1 rr r axis:i broadcast:i
        Less 7 rr r
        LessOrEqual 12 rr r
        LinearAttention 27 rrrooo rr chunk_size:i kv_num_heads:i! q_num_heads:i! scale:f update_rule:s
        Log 1 r r consumed_inputs:ii
        Log 6 r r
        LogSoftmax 1 r r axis:i
        Loop 1 oo+ + body:g!
        Loop 11 oo* + body:g!
        LpNormalization 1 r r axis:i p:i
        LpPool 1 r r auto_pad:s kernel_shape:ii p:f pads:ii strides:ii
        LpPool 2 r r auto_pad:s kernel_shape:ii! p:i pads:ii strides:ii
        LpPool 18 r r auto_pad:s ceil_mode:i dilations:ii kernel_shape:ii! p:i pads:ii strides:ii
        MatMul 1 rr r
        MatMulInteger 10 rroo r
        Max 1 + r consumed_inputs:ii
        Max 6 + r
        MaxPool 1 r r auto_pad:s kernel_shape:ii! pads:ii strides:ii
        MaxPool 8 r ro auto_pad:s kernel_shape:ii! pads:ii storage_order:i strides:ii
        MaxPool 10 r ro auto_pad:s ceil_mode:i dilations:ii kernel_shape:ii! pads:ii storage_order:i strides:ii
        MaxRoiPool 1 rr r pooled_shape:ii! spatial_scale:f
        MaxUnpool 9 rro r kernel_shape:ii! pads:ii strides:ii
        Mean 1 + r consumed_inputs:ii
        Mean 6 + r
        MeanVarianceNormalization 9 r r axes:ii
        MelWeightMatrix 17 rrrrr r output_datatype:i
        Min 1 + r consumed_inputs:ii
        Min 6 + r
        Mish 18 r r
        Mod 10 rr r fmod:i
        Mul 1 rr r axis:i broadcast:i consumed_inputs:ii
        Mul 6 rr r axis:i broadcast:i
        Mul 7 rr r
        Multinomial 7 r r dtype:i sample_size:i seed:f
        Neg 1 r r consumed_inputs:ii
        Neg 6 r r
        NegativeLogLikelihoodLoss 12 rro r ignore_index:i reduction:s
        NonMaxSuppression 10 rrooo r center_point_box:i
        NonZero 9 r r
        Not 1 r r
        OneHot 9 rrr r axis:i
        Optional 15 o r type:y
        OptionalGetElement 15 r r
        OptionalHasElement 15 r r
        OptionalHasElement 18 o r
        Or 1 rr r axis:i broadcast:i
        Or 7 rr r
        PRelu 1 rr r consumed_inputs:ii
        PRelu 6 rr r
        Pad 1 r r mode:s paddings:ii! value:f
        Pad 2 r r mode:s pads:ii! value:f
        Pad 11 rro r mode:s
        Pad 18 rroo r mode:s
        ParametricSoftplus 1 unchecked
        Pow 1 rr r axis:i broadcast:i
        Pow 7 rr r
        QLinearConv 10 rrrrrrrro r auto_pad:s dilations:ii group:i kernel_shape:ii pads:ii strides:ii
        QLinearMatMul 10 rrrrrrrr r
        QuantizeLinear 10 rro r
        QuantizeLinear 13 rro r axis:i
        QuantizeLinear 19 rro r axis:i saturate:i
        QuantizeLinear 21 rro r axis:i block_size:i output_dtype:i saturate:i
        QuantizeLinear 23 rro r axis:i block_size:i output_dtype:i precision:i saturate:i
        RMSNormalization 23 rr r axis:i epsilon:f stash_type:i
        RNN 1 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i output_sequence:i
        RNN 7 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i
        RNN 14 rrrooo oo activation_alpha:ff activation_beta:ff activations:ss clip:f direction:s hidden_size:i layout:i
        RandomNormal 1 . r dtype:i mean:f scale:f seed:f shape:ii!
        RandomNormalLike 1 r r dtype:i mean:f scale:f seed:f
        RandomUniform 1 . r dtype:i high:f low:f seed:f shape:ii!
        RandomUniformLike 1 r r dtype:i high:f low:f seed:f
        Range 11 rrr r
        Range 27 rrr r stash_type:i
        Reciprocal 1 r r consumed_inputs:ii
        Reciprocal 6 r r
        ReduceL1 1 r r axes:ii keepdims:i
        ReduceL1 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceL2 1 r r axes:ii keepdims:i
        ReduceL2 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceLogSum 1 r r axes:ii keepdims:i
        ReduceLogSum 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceLogSumExp 1 r r axes:ii keepdims:i
        ReduceLogSumExp 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceMax 1 r r axes:ii keepdims:i
        ReduceMax 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceMean 1 r r axes:ii keepdims:i
        ReduceMean 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceMin 1 r r axes:ii keepdims:i
        ReduceMin 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceProd 1 r r axes:ii keepdims:i
        ReduceProd 18 ro r keepdims:i noop_with_empty_axes:i
        ReduceSum 1 r r axes:ii keepdims:i
        ReduceSum 13 ro r keepdims:i noop_with_empty_axes:i
        ReduceSumSquare 1 r r axes:ii keepdims:i
        ReduceSumSquare 18 ro r keepdims:i noop_with_empty_axes:i
        RegexFullMatch 20 r r pattern:s
        Relu 1 r r consumed_inputs:ii
        Relu 6 r r
        Reshape 1 r r consumed_inputs:ii shape:ii
        Reshape 5 rr r
        Reshape 14 rr r allowzero:i
        Resize 10 rr r mode:s
        Resize 11 rrro r coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s
        Resize 13 rooo r coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s
        Resize 18 rooo r antialias:i axes:ii coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s
        ReverseSequence 10 rr r batch_axis:i time_axis:i
        RoiAlign 10 rrr r mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f
        RoiAlign 16 rrr r coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f
        RotaryEmbedding 23 rrro r interleaved:i num_heads:i rotary_embedding_dim:i
        Round 11 r r
        STFT 17 rroo r onesided:i
        Scale 1 unchecked
        ScaledTanh 1 unchecked
        Scan 8 o+ + body:g! directions:ii num_scan_inputs:i!
        Scan 9 + + body:g! num_scan_inputs:i! scan_input_axes:ii scan_input_directions:ii scan_output_axes:ii scan_output_directions:ii
        Scatter 9 rrr r axis:i
        Scatter 11 deprecated
        ScatterElements 11 rrr r axis:i
        ScatterElements 16 rrr r axis:i reduction:s
        ScatterND 11 rrr r
        ScatterND 16 rrr r reduction:s
        Selu 1 r r alpha:f consumed_inputs:ii gamma:f
        Selu 6 r r alpha:f gamma:f
        SequenceAt 11 rr r
        SequenceConstruct 11 + r
        SequenceEmpty 11 . r dtype:i
        SequenceErase 11 ro r
        SequenceInsert 11 rro r
        SequenceLength 11 r r
        SequenceMap 17 r* + body:g!
        Shape 1 r r
        Shape 15 r r end:i start:i
        Shrink 9 r r bias:f lambd:f
        Sigmoid 1 r r consumed_inputs:ii
        Sigmoid 6 r r
        Sign 9 r r
        SimplifiedLayerNormalization 1 rr ro axis:i epsilon:f stash_type:i
        Sin 7 r r
        Sinh 9 r r
        Size 1 r r
        Slice 1 r r axes:ii ends:ii! starts:ii!
        Slice 10 rrroo r
        Softmax 1 r r axis:i
        SoftmaxCrossEntropyLoss 12 rro ro ignore_index:i reduction:s
        Softplus 1 r r
        Softsign 1 r r
        SpaceToDepth 1 r r blocksize:i!
        Split 1 ro + axis:i split:ii
        Split 2 r + axis:i split:ii
        Split 13 ro + axis:i
        Split 18 ro + axis:i num_outputs:i
        SplitToSequence 11 ro r axis:i keepdims:i
        Sqrt 1 r r consumed_inputs:ii
        Sqrt 6 r r
        Squeeze 1 r r axes:ii
        Squeeze 13 ro r
        StringConcat 20 rr r
        StringNormalizer 10 r r case_change_action:s is_case_sensitive:i locale:s stopwords:ss
        StringSplit 20 r rr delimiter:s maxsplit:i
        Sub 1 rr r axis:i broadcast:i consumed_inputs:ii
        Sub 6 rr r axis:i broadcast:i
        Sub 7 rr r
        Sum 1 + r consumed_inputs:ii
        Sum 6 + r
        Swish 24 r r alpha:f
        Tan 7 r r
        Tanh 1 r r consumed_inputs:ii
        Tanh 6 r r
        TensorScatter 24 rro r axis:i mode:s
        TfIdfVectorizer 9 r r max_gram_length:i! max_skip_count:i! min_gram_length:i! mode:s! ngram_counts:ii! ngram_indexes:ii! pool_int64s:ii pool_strings:ss weights:ff
        ThresholdedRelu 10 r r alpha:f
        Tile 1 rrr r
        Tile 6 rr r
        TopK 1 r rr axis:i k:i!
        TopK 10 rr rr axis:i
        TopK 11 rr rr axis:i largest:i sorted:i
        Transpose 1 r r perm:ii
        Trilu 14 ro r upper:i
        Unique 11 r rooo axis:i sorted:i
        Unsqueeze 1 r r axes:ii!
        Unsqueeze 13 rr r
        Upsample 1 r r height_scale:f! mode:s width_scale:f!
        Upsample 7 r r mode:s scales:ff!
        Upsample 9 rr r mode:s
        Upsample 10 deprecated
        Where 9 rrr r
        Xor 1 rr r axis:i broadcast:i
        Xor 7 rr r

        """u8;

    private static ReadOnlySpan<byte> Ml => """
        ArrayFeatureExtractor 1 rr r
        Binarizer 1 r r threshold:f
        CastMap 1 r r cast_to:s map_form:s max_map:i
        CategoryMapper 1 r r cats_int64s:ii cats_strings:ss default_int64:i default_string:s
        DictVectorizer 1 r r int64_vocabulary:ii string_vocabulary:ss
        FeatureVectorizer 1 + r inputdimensions:ii
        Imputer 1 r r imputed_value_floats:ff imputed_value_int64s:ii replaced_value_float:f replaced_value_int64:i
        LabelEncoder 1 r r classes_strings:ss default_int64:i default_string:s
        LabelEncoder 2 r r default_float:f default_int64:i default_string:s keys_floats:ff keys_int64s:ii keys_strings:ss values_floats:ff values_int64s:ii values_strings:ss
        LabelEncoder 4 r r default_float:f default_int64:i default_string:s default_tensor:t keys_floats:ff keys_int64s:ii keys_strings:ss keys_tensor:t values_floats:ff values_int64s:ii values_strings:ss values_tensor:t
        LinearClassifier 1 r rr classlabels_ints:ii classlabels_strings:ss coefficients:ff! intercepts:ff multi_class:i post_transform:s
        LinearRegressor 1 r r coefficients:ff intercepts:ff post_transform:s targets:i
        Normalizer 1 r r norm:s
        OneHotEncoder 1 r r cats_int64s:ii cats_strings:ss zeros:i
        SVMClassifier 1 r rr classlabels_ints:ii classlabels_strings:ss coefficients:ff kernel_params:ff kernel_type:s post_transform:s prob_a:ff prob_b:ff rho:ff support_vectors:ff vectors_per_class:ii
        SVMRegressor 1 r r coefficients:ff kernel_params:ff kernel_type:s n_supports:i one_class:i post_transform:s rho:ff support_vectors:ff
        Scaler 1 r r offset:ff scale:ff
        TreeEnsemble 5 r r aggregate_function:i leaf_targetids:ii! leaf_weights:t! membership_values:t n_targets:i nodes_falseleafs:ii! nodes_falsenodeids:ii! nodes_featureids:ii! nodes_hitrates:t nodes_missing_value_tracks_true:ii nodes_modes:t! nodes_splits:t! nodes_trueleafs:ii! nodes_truenodeids:ii! post_transform:i tree_roots:ii!
        TreeEnsembleClassifier 1 r rr base_values:ff class_ids:ii class_nodeids:ii class_treeids:ii class_weights:ff classlabels_int64s:ii classlabels_strings:ss nodes_falsenodeids:ii nodes_featureids:ii nodes_hitrates:ff nodes_missing_value_tracks_true:ii nodes_modes:ss nodes_nodeids:ii nodes_treeids:ii nodes_truenodeids:ii nodes_values:ff post_transform:s
        TreeEnsembleClassifier 3 r rr base_values:ff base_values_as_tensor:t class_ids:ii class_nodeids:ii class_treeids:ii class_weights:ff class_weights_as_tensor:t classlabels_int64s:ii classlabels_strings:ss nodes_falsenodeids:ii nodes_featureids:ii nodes_hitrates:ff nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:ii nodes_modes:ss nodes_nodeids:ii nodes_treeids:ii nodes_truenodeids:ii nodes_values:ff nodes_values_as_tensor:t post_transform:s
        TreeEnsembleClassifier 5 deprecated
        TreeEnsembleRegressor 1 r r aggregate_function:s base_values:ff n_targets:i nodes_falsenodeids:ii nodes_featureids:ii nodes_hitrates:ff nodes_missing_value_tracks_true:ii nodes_modes:ss nodes_nodeids:ii nodes_treeids:ii nodes_truenodeids:ii nodes_values:ff post_transform:s target_ids:ii target_nodeids:ii target_treeids:ii target_weights:ff
        TreeEnsembleRegressor 3 r r aggregate_function:s base_values:ff base_values_as_tensor:t n_targets:i nodes_falsenodeids:ii nodes_featureids:ii nodes_hitrates:ff nodes_hitrates_as_tensor:t nodes_missing_value_tracks_true:ii nodes_modes:ss nodes_nodeids:ii nodes_treeids:ii nodes_truenodeids:ii nodes_values:ff nodes_values_as_tensor:t post_transform:s target_ids:ii target_nodeids:ii target_treeids:ii target_weights:ff target_weights_as_tensor:t
        TreeEnsembleRegressor 5 deprecated
        ZipMap 1 r r classlabels_int64s:ii classlabels_strings:ss

        """u8;

    private static ReadOnlySpan<byte> Preview => """
        FlexAttention 1 rrr r prob_mod:g scale:f score_mod:g softmax_precision:i

        """u8;

    private static ReadOnlySpan<byte> PreviewTraining => """
        Adagrad 1 rr+ + decay_factor:f epsilon:f norm_coefficient:f
        Adam 1 rr+ + alpha:f beta:f epsilon:f norm_coefficient:f norm_coefficient_post:f
        Gradient 1 + + xs:ss! y:s! zs:ss
        Momentum 1 rr+ + alpha:f! beta:f! mode:s! norm_coefficient:f!

        """u8;

    private static ReadOnlySpan<byte> Microsoft => """
        BiasGelu 1 rr r
        FastGelu 1 ro r
        FusedMatMul 1 rr r alpha:f transA:i transB:i transBatchA:i transBatchB:i
        GatherBlockQuantized 1 rrro r bits:i block_size:i gather_axis:i quantize_axis:i
        GroupQueryAttention 1 roooorrooooooooo rooo causal:i do_rotary:i k_quant_type:s kv_cache_bit_width:i kv_num_heads:i! local_window_size:i num_heads:i! qk_norm_epsilon:f qk_output:i rotary_interleaved:i scale:f sliding_window_cache:i smooth_softmax:i softcap:f v_quant_type:s
        MatMulNBits 1 rrrooo r K:i! N:i! accuracy_level:i bits:i block_size:i! weight_prepacked:i
        MultiHeadAttention 1 rooooooooo rooo mask_filter_value:f num_heads:i! scale:f unidirectional:i
        QuickGelu 1 r r alpha:f
        RotaryEmbedding 1 rrrr r interleaved:i is_packed_batching:i num_heads:i rotary_embedding_dim:i scale:f
        SkipLayerNormalization 1 rrroo rooo epsilon:f
        SkipSimplifiedLayerNormalization 1 rrro rooo epsilon:f

        """u8;
}
