namespace Gpux.Registries.PyTorch;

/// <summary>Weights that torchvision's authors publish.</summary>
/// <param name="Model">The function that builds the model, such as "resnet50".</param>
/// <param name="Weights">The member of the weights' enumeration, such as "IMAGENET1K_V2".</param>
/// <param name="File">Below the download site, with its ending.</param>
/// <param name="IsDefault">Whether torchvision calls these DEFAULT: the best at the time.</param>
internal sealed record TorchvisionWeights(string Model, string Weights, string File, bool IsDefault)
{
    private static readonly Lazy<TorchvisionWeights[]> Table = new(Parse);

    public static IReadOnlyList<TorchvisionWeights> All => Table.Value;

    /// <summary>In the Hub's words.</summary>
    public string Task =>
        Weights.StartsWith("KINETICS", StringComparison.Ordinal) ? "video-classification"
        : Weights.StartsWith("COCO_WITH_VOC", StringComparison.Ordinal) ? "image-segmentation"
        : Weights.StartsWith("COCO", StringComparison.Ordinal) ? Model.StartsWith("keypointrcnn", StringComparison.Ordinal) ? "keypoint-detection"
            : Model.StartsWith("maskrcnn", StringComparison.Ordinal) ? "image-segmentation" : "object-detection"
        : Weights.StartsWith("C_T", StringComparison.Ordinal) ? "optical-flow"
        : "image-classification";

    /// <summary>Those of a model that a revision means: a member of the enumeration; DEFAULT and null are the default.</summary>
    public static TorchvisionWeights? Find(string model, string? weights)
    {
        foreach (var known in All)
        {
            if (known.Model == model && (weights is null or "DEFAULT" ? known.IsDefault : known.Weights == weights))
                return known;
        }
        return null;
    }

    private static TorchvisionWeights[] Parse()
    {
        var read = new List<TorchvisionWeights>(200);
        Span<Range> parts = stackalloc Range[3];
        foreach (var line in Lines.AsSpan().EnumerateLines())
        {
            if (line.Split(parts, ' ') != 3)
                throw new InvalidOperationException("A line of the table has not three parts.");
            var weights = line[parts[1]];
            read.Add(new TorchvisionWeights(line[parts[0]].ToString(), weights.TrimEnd('*').ToString(), $"{line[parts[2]]}.pth", weights[^1] == '*'));
        }
        return [.. read];
    }

    // Source: the enumerations of torchvision 0.20, one member a line: function, member ('*' is DEFAULT), file without ".pth".
    private const string Lines = """
        alexnet IMAGENET1K_V1* alexnet-owt-7be5be79
        convnext_base IMAGENET1K_V1* convnext_base-6075fbad
        convnext_large IMAGENET1K_V1* convnext_large-ea097f82
        convnext_small IMAGENET1K_V1* convnext_small-0c510722
        convnext_tiny IMAGENET1K_V1* convnext_tiny-983f1562
        deeplabv3_mobilenet_v3_large COCO_WITH_VOC_LABELS_V1* deeplabv3_mobilenet_v3_large-fc3c493d
        deeplabv3_resnet101 COCO_WITH_VOC_LABELS_V1* deeplabv3_resnet101_coco-586e9e4e
        deeplabv3_resnet50 COCO_WITH_VOC_LABELS_V1* deeplabv3_resnet50_coco-cd0a2569
        densenet121 IMAGENET1K_V1* densenet121-a639ec97
        densenet161 IMAGENET1K_V1* densenet161-8d451a50
        densenet169 IMAGENET1K_V1* densenet169-b2777c0a
        densenet201 IMAGENET1K_V1* densenet201-c1103571
        efficientnet_b0 IMAGENET1K_V1* efficientnet_b0_rwightman-7f5810bc
        efficientnet_b1 IMAGENET1K_V1 efficientnet_b1_rwightman-bac287d4
        efficientnet_b1 IMAGENET1K_V2* efficientnet_b1-c27df63c
        efficientnet_b2 IMAGENET1K_V1* efficientnet_b2_rwightman-c35c1473
        efficientnet_b3 IMAGENET1K_V1* efficientnet_b3_rwightman-b3899882
        efficientnet_b4 IMAGENET1K_V1* efficientnet_b4_rwightman-23ab8bcd
        efficientnet_b5 IMAGENET1K_V1* efficientnet_b5_lukemelas-1a07897c
        efficientnet_b6 IMAGENET1K_V1* efficientnet_b6_lukemelas-24a108a5
        efficientnet_b7 IMAGENET1K_V1* efficientnet_b7_lukemelas-c5b4e57e
        efficientnet_v2_l IMAGENET1K_V1* efficientnet_v2_l-59c71312
        efficientnet_v2_m IMAGENET1K_V1* efficientnet_v2_m-dc08266a
        efficientnet_v2_s IMAGENET1K_V1* efficientnet_v2_s-dd5fe13b
        fasterrcnn_mobilenet_v3_large_320_fpn COCO_V1* fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9
        fasterrcnn_mobilenet_v3_large_fpn COCO_V1* fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7
        fasterrcnn_resnet50_fpn COCO_V1* fasterrcnn_resnet50_fpn_coco-258fb6c6
        fasterrcnn_resnet50_fpn_v2 COCO_V1* fasterrcnn_resnet50_fpn_v2_coco-dd69338a
        fcn_resnet101 COCO_WITH_VOC_LABELS_V1* fcn_resnet101_coco-7ecb50ca
        fcn_resnet50 COCO_WITH_VOC_LABELS_V1* fcn_resnet50_coco-1167a1af
        fcos_resnet50_fpn COCO_V1* fcos_resnet50_fpn_coco-99b0c9b7
        googlenet IMAGENET1K_FBGEMM_V1 quantized/googlenet_fbgemm-c00238cf
        googlenet IMAGENET1K_V1* googlenet-1378be20
        inception_v3 IMAGENET1K_FBGEMM_V1 quantized/inception_v3_google_fbgemm-71447a44
        inception_v3 IMAGENET1K_V1* inception_v3_google-0cc3c7bd
        keypointrcnn_resnet50_fpn COCO_LEGACY keypointrcnn_resnet50_fpn_coco-9f466800
        keypointrcnn_resnet50_fpn COCO_V1* keypointrcnn_resnet50_fpn_coco-fc266e95
        lraspp_mobilenet_v3_large COCO_WITH_VOC_LABELS_V1* lraspp_mobilenet_v3_large-d234d4ea
        maskrcnn_resnet50_fpn COCO_V1* maskrcnn_resnet50_fpn_coco-bf2d0c1e
        maskrcnn_resnet50_fpn_v2 COCO_V1* maskrcnn_resnet50_fpn_v2_coco-73cbd019
        maxvit_t IMAGENET1K_V1* maxvit_t-bc5ab103
        mc3_18 KINETICS400_V1* mc3_18-a90a0ba3
        mnasnet0_5 IMAGENET1K_V1* mnasnet0.5_top1_67.823-3ffadce67e
        mnasnet0_75 IMAGENET1K_V1* mnasnet0_75-7090bc5f
        mnasnet1_0 IMAGENET1K_V1* mnasnet1.0_top1_73.512-f206786ef8
        mnasnet1_3 IMAGENET1K_V1* mnasnet1_3-a4c69d6f
        mobilenet_v2 IMAGENET1K_QNNPACK_V1 quantized/mobilenet_v2_qnnpack_37f702c5
        mobilenet_v2 IMAGENET1K_V1 mobilenet_v2-b0353104
        mobilenet_v2 IMAGENET1K_V2* mobilenet_v2-7ebf99e0
        mobilenet_v3_large IMAGENET1K_QNNPACK_V1 quantized/mobilenet_v3_large_qnnpack-5bcacf28
        mobilenet_v3_large IMAGENET1K_V1 mobilenet_v3_large-8738ca79
        mobilenet_v3_large IMAGENET1K_V2* mobilenet_v3_large-5c1a4163
        mobilenet_v3_small IMAGENET1K_V1* mobilenet_v3_small-047dcff4
        mvit_v1_b KINETICS400_V1* mvit_v1_b-dbeb1030
        mvit_v2_s KINETICS400_V1* mvit_v2_s-ae3be167
        r2plus1d_18 KINETICS400_V1* r2plus1d_18-91a641e6
        r3d_18 KINETICS400_V1* r3d_18-b3b3357e
        raft_large C_T_SKHT_K_V1 raft_large_C_T_SKHT_K_V1-4a6a5039
        raft_large C_T_SKHT_K_V2 raft_large_C_T_SKHT_K_V2-b5c70766
        raft_large C_T_SKHT_V1 raft_large_C_T_SKHT_V1-0b8c9e55
        raft_large C_T_SKHT_V2* raft_large_C_T_SKHT_V2-ff5fadd5
        raft_large C_T_V1 raft_large_C_T_V1-22a6c225
        raft_large C_T_V2 raft_large_C_T_V2-1bb1363a
        raft_small C_T_V1 raft_small_C_T_V1-ad48884c
        raft_small C_T_V2* raft_small_C_T_V2-01064c6d
        regnet_x_16gf IMAGENET1K_V1 regnet_x_16gf-2007eb11
        regnet_x_16gf IMAGENET1K_V2* regnet_x_16gf-ba3796d7
        regnet_x_1_6gf IMAGENET1K_V1 regnet_x_1_6gf-e3633e7f
        regnet_x_1_6gf IMAGENET1K_V2* regnet_x_1_6gf-a12f2b72
        regnet_x_32gf IMAGENET1K_V1 regnet_x_32gf-9d47f8d0
        regnet_x_32gf IMAGENET1K_V2* regnet_x_32gf-6eb8fdc6
        regnet_x_3_2gf IMAGENET1K_V1 regnet_x_3_2gf-f342aeae
        regnet_x_3_2gf IMAGENET1K_V2* regnet_x_3_2gf-7071aa85
        regnet_x_400mf IMAGENET1K_V1 regnet_x_400mf-adf1edd5
        regnet_x_400mf IMAGENET1K_V2* regnet_x_400mf-62229a5f
        regnet_x_800mf IMAGENET1K_V1 regnet_x_800mf-ad17e45c
        regnet_x_800mf IMAGENET1K_V2* regnet_x_800mf-94a99ebd
        regnet_x_8gf IMAGENET1K_V1 regnet_x_8gf-03ceed89
        regnet_x_8gf IMAGENET1K_V2* regnet_x_8gf-2b70d774
        regnet_y_128gf IMAGENET1K_SWAG_E2E_V1* regnet_y_128gf_swag-c8ce3e52
        regnet_y_128gf IMAGENET1K_SWAG_LINEAR_V1 regnet_y_128gf_lc_swag-cbe8ce12
        regnet_y_16gf IMAGENET1K_SWAG_E2E_V1 regnet_y_16gf_swag-43afe44d
        regnet_y_16gf IMAGENET1K_SWAG_LINEAR_V1 regnet_y_16gf_lc_swag-f3ec0043
        regnet_y_16gf IMAGENET1K_V1 regnet_y_16gf-9e6ed7dd
        regnet_y_16gf IMAGENET1K_V2* regnet_y_16gf-3e4a00f9
        regnet_y_1_6gf IMAGENET1K_V1 regnet_y_1_6gf-b11a554e
        regnet_y_1_6gf IMAGENET1K_V2* regnet_y_1_6gf-0d7bc02a
        regnet_y_32gf IMAGENET1K_SWAG_E2E_V1 regnet_y_32gf_swag-04fdfa75
        regnet_y_32gf IMAGENET1K_SWAG_LINEAR_V1 regnet_y_32gf_lc_swag-e1583746
        regnet_y_32gf IMAGENET1K_V1 regnet_y_32gf-4dee3f7a
        regnet_y_32gf IMAGENET1K_V2* regnet_y_32gf-8db6d4b5
        regnet_y_3_2gf IMAGENET1K_V1 regnet_y_3_2gf-b5a9779c
        regnet_y_3_2gf IMAGENET1K_V2* regnet_y_3_2gf-9180c971
        regnet_y_400mf IMAGENET1K_V1 regnet_y_400mf-c65dace8
        regnet_y_400mf IMAGENET1K_V2* regnet_y_400mf-e6988f5f
        regnet_y_800mf IMAGENET1K_V1 regnet_y_800mf-1b27b58c
        regnet_y_800mf IMAGENET1K_V2* regnet_y_800mf-58fc7688
        regnet_y_8gf IMAGENET1K_V1 regnet_y_8gf-d0d0e4a8
        regnet_y_8gf IMAGENET1K_V2* regnet_y_8gf-dc2b1b54
        resnet101 IMAGENET1K_V1 resnet101-63fe2227
        resnet101 IMAGENET1K_V2* resnet101-cd907fc2
        resnet152 IMAGENET1K_V1 resnet152-394f9c45
        resnet152 IMAGENET1K_V2* resnet152-f82ba261
        resnet18 IMAGENET1K_FBGEMM_V1 quantized/resnet18_fbgemm_16fa66dd
        resnet18 IMAGENET1K_V1* resnet18-f37072fd
        resnet34 IMAGENET1K_V1* resnet34-b627a593
        resnet50 IMAGENET1K_FBGEMM_V1 quantized/resnet50_fbgemm_bf931d71
        resnet50 IMAGENET1K_FBGEMM_V2 quantized/resnet50_fbgemm-23753f79
        resnet50 IMAGENET1K_V1 resnet50-0676ba61
        resnet50 IMAGENET1K_V2* resnet50-11ad3fa6
        resnext101_32x8d IMAGENET1K_FBGEMM_V1 quantized/resnext101_32x8_fbgemm_09835ccf
        resnext101_32x8d IMAGENET1K_FBGEMM_V2 quantized/resnext101_32x8_fbgemm-ee16d00c
        resnext101_32x8d IMAGENET1K_V1 resnext101_32x8d-8ba56ff5
        resnext101_32x8d IMAGENET1K_V2* resnext101_32x8d-110c445d
        resnext101_64x4d IMAGENET1K_FBGEMM_V1 quantized/resnext101_64x4d_fbgemm-605a1cb3
        resnext101_64x4d IMAGENET1K_V1* resnext101_64x4d-173b62eb
        resnext50_32x4d IMAGENET1K_V1 resnext50_32x4d-7cdf4587
        resnext50_32x4d IMAGENET1K_V2* resnext50_32x4d-1a0047aa
        retinanet_resnet50_fpn COCO_V1* retinanet_resnet50_fpn_coco-eeacb38b
        retinanet_resnet50_fpn_v2 COCO_V1* retinanet_resnet50_fpn_v2_coco-5905b1c5
        s3d KINETICS400_V1* s3d-d76dad2f
        shufflenet_v2_x0_5 IMAGENET1K_FBGEMM_V1 quantized/shufflenetv2_x0.5_fbgemm-00845098
        shufflenet_v2_x0_5 IMAGENET1K_V1* shufflenetv2_x0.5-f707e7126e
        shufflenet_v2_x1_0 IMAGENET1K_FBGEMM_V1 quantized/shufflenetv2_x1_fbgemm-db332c57
        shufflenet_v2_x1_0 IMAGENET1K_V1* shufflenetv2_x1-5666bf0f80
        shufflenet_v2_x1_5 IMAGENET1K_FBGEMM_V1 quantized/shufflenetv2_x1_5_fbgemm-d7401f05
        shufflenet_v2_x1_5 IMAGENET1K_V1* shufflenetv2_x1_5-3c479a10
        shufflenet_v2_x2_0 IMAGENET1K_FBGEMM_V1 quantized/shufflenetv2_x2_0_fbgemm-5cac526c
        shufflenet_v2_x2_0 IMAGENET1K_V1* shufflenetv2_x2_0-8be3c8ee
        squeezenet1_0 IMAGENET1K_V1* squeezenet1_0-b66bff10
        squeezenet1_1 IMAGENET1K_V1* squeezenet1_1-b8a52dc0
        ssd300_vgg16 COCO_V1* ssd300_vgg16_coco-b556d3b4
        ssdlite320_mobilenet_v3_large COCO_V1* ssdlite320_mobilenet_v3_large_coco-a79551df
        swin3d_b KINETICS400_IMAGENET22K_V1 swin3d_b_22k-7c6ae6fa
        swin3d_b KINETICS400_V1* swin3d_b_1k-24f7c7c6
        swin3d_s KINETICS400_V1* swin3d_s-da41c237
        swin3d_t KINETICS400_V1* swin3d_t-7615ae03
        swin_b IMAGENET1K_V1* swin_b-68c6b09e
        swin_s IMAGENET1K_V1* swin_s-5e29d889
        swin_t IMAGENET1K_V1* swin_t-704ceda3
        swin_v2_b IMAGENET1K_V1* swin_v2_b-781e5279
        swin_v2_s IMAGENET1K_V1* swin_v2_s-637d8ceb
        swin_v2_t IMAGENET1K_V1* swin_v2_t-b137f0e2
        vgg11 IMAGENET1K_V1* vgg11-8a719046
        vgg11_bn IMAGENET1K_V1* vgg11_bn-6002323d
        vgg13 IMAGENET1K_V1* vgg13-19584684
        vgg13_bn IMAGENET1K_V1* vgg13_bn-abd245e5
        vgg16 IMAGENET1K_FEATURES vgg16_features-amdegroot-88682ab5
        vgg16 IMAGENET1K_V1* vgg16-397923af
        vgg16_bn IMAGENET1K_V1* vgg16_bn-6c64b313
        vgg19 IMAGENET1K_V1* vgg19-dcbb9e9d
        vgg19_bn IMAGENET1K_V1* vgg19_bn-c79401a0
        vit_b_16 IMAGENET1K_SWAG_E2E_V1 vit_b_16_swag-9ac1b537
        vit_b_16 IMAGENET1K_SWAG_LINEAR_V1 vit_b_16_lc_swag-4e70ced5
        vit_b_16 IMAGENET1K_V1* vit_b_16-c867db91
        vit_b_32 IMAGENET1K_V1* vit_b_32-d86f8d99
        vit_h_14 IMAGENET1K_SWAG_E2E_V1* vit_h_14_swag-80465313
        vit_h_14 IMAGENET1K_SWAG_LINEAR_V1 vit_h_14_lc_swag-c1eb923e
        vit_l_16 IMAGENET1K_SWAG_E2E_V1 vit_l_16_swag-4f3808c9
        vit_l_16 IMAGENET1K_SWAG_LINEAR_V1 vit_l_16_lc_swag-4d563306
        vit_l_16 IMAGENET1K_V1* vit_l_16-852ce7e3
        vit_l_32 IMAGENET1K_V1* vit_l_32-c7638314
        wide_resnet101_2 IMAGENET1K_V1 wide_resnet101_2-32ee1156
        wide_resnet101_2 IMAGENET1K_V2* wide_resnet101_2-d733dc28
        wide_resnet50_2 IMAGENET1K_V1 wide_resnet50_2-95faca4d
        wide_resnet50_2 IMAGENET1K_V2* wide_resnet50_2-9ba9bcbe
        """;
}
