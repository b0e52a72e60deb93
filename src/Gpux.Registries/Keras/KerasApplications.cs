using System.Globalization;

namespace Gpux.Registries.Keras;

/// <summary>A model of keras.applications: a file of weights, with the classification head or without.</summary>
/// <param name="Path">Below the storage's address.</param>
/// <param name="Digest">Null where none is published.</param>
/// <param name="InputSize">Height and width in pixels.</param>
/// <param name="Preprocessing">"caffe", "tf", "torch", or "none" where layers inside the model scale 0 to 255.</param>
internal sealed record KerasApplication(
    string Name, bool HasTop, string Path, Digest? Digest, int InputSize, string Preprocessing)
{
    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>What Keras calls the file in its cache.</summary>
    public string CachedName => FileName.StartsWith("NASNet-", StringComparison.Ordinal)
        ? FileName.Replace("NASNet-", "nasnet_").Replace("-no-top", "_no_top") : FileName;
}

/// <summary>The models of keras.applications.</summary>
/// <remarks>Source: keras 3.11, keras/src/applications; the storage has no listing.</remarks>
internal static class KerasApplications
{
    private const string A = "tensorflow/keras-applications/";
    private const string E = "keras-applications/";

    // With the form that files' names have.
    private static readonly (string Width, string InFile)[] MobileNetWidths = [("1.0", "1_0"), ("0.75", "7_5"), ("0.5", "5_0"), ("0.25", "2_5")];
    private static readonly string[] MobileNetSizes = ["224", "192", "160", "128"];
    private static readonly string[] MobileNetV2Widths = ["1.0", "1.4", "1.3", "0.75", "0.5", "0.35"];
    private static readonly string[] MobileNetV2Sizes = ["224", "192", "160", "128", "96"];

    // Name, file with the head, its hash, the hash without the head, input size, preprocessing. 32 digits are MD5, 64 SHA-256.
    private const string Table = """
        VGG16 A/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5 64373286793e3c8b2b4e3219cbf3544b 6d6bbae143d832006294945121d1f1fc 224 caffe
        VGG19 A/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels.h5 cbe5617147190e668d6c5d5026f83318 253f8cb515780f3b799900260a226db6 224 caffe
        ResNet50 A/resnet/resnet50_weights_tf_dim_ordering_tf_kernels.h5 2cb95161c43110f7111970584f804107 4d473c1dd8becc155b73f8504c6f6626 224 caffe
        ResNet101 A/resnet/resnet101_weights_tf_dim_ordering_tf_kernels.h5 f1aeb4b969a6efcfb50fad2f0c20cfc5 88cf7a10940856eca736dc7b7e228a21 224 caffe
        ResNet152 A/resnet/resnet152_weights_tf_dim_ordering_tf_kernels.h5 100835be76be38e30d865e96f2aaae62 ee4c566cf9a93f14d82f913c2dc6dd0c 224 caffe
        ResNet50V2 A/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels.h5 3ef43a0b657b3be2300d5770ece849e0 fac2f116257151a9d068a22e544a4917 224 tf
        ResNet101V2 A/resnet/resnet101v2_weights_tf_dim_ordering_tf_kernels.h5 6343647c601c52e1368623803854d971 c0ed64b8031c3730f411d2eb4eea35b5 224 tf
        ResNet152V2 A/resnet/resnet152v2_weights_tf_dim_ordering_tf_kernels.h5 a49b44d1979771252814e80f8ec446f9 ed17cf2e0169df9d443503ef94b23b33 224 tf
        ResNeXt50 A/resnet/resnext50_weights_tf_dim_ordering_tf_kernels.h5 67a5b30d522ed92f75a1f16eef299d1a 62527c363bdd9ec598bed41947b379fc 224 torch
        ResNeXt101 A/resnet/resnext101_weights_tf_dim_ordering_tf_kernels.h5 34fb605428fcc7aa4d62f44404c11509 0f678c91647380debd923963594981b3 224 torch
        DenseNet121 A/densenet/densenet121_weights_tf_dim_ordering_tf_kernels.h5 9d60b8095a5708f2dcce2bca79d332c7 30ee3e1110167f948a6b9946edeeb738 224 torch
        DenseNet169 A/densenet/densenet169_weights_tf_dim_ordering_tf_kernels.h5 d699b8f76981ab1b30698df4c175e90b b8c4d4c20dd625c148057b9ff1c1176b 224 torch
        DenseNet201 A/densenet/densenet201_weights_tf_dim_ordering_tf_kernels.h5 1ceb130c1ea1b78c3bf6114dbdfd8807 c13680b51ded0fb44dff2d8f86ac8bb1 224 torch
        InceptionV3 A/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels.h5 9a0d58056eeedaa3f26cb7ebd46da564 bcbd6486424b2319ff4ef7d526e38f63 299 tf
        InceptionResNetV2 A/inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5 e693bd0210a403b3192acc6073ad2e96 d19885ff4a710c122648d3b5c3b684e4 299 tf
        Xception A/xception/xception_weights_tf_dim_ordering_tf_kernels.h5 0a58e3b7378bc2990ea3b43d5981f1f6 b0042744bf5b25fce3cb969f33bebb97 299 tf
        NASNetMobile A/nasnet/NASNet-mobile.h5 020fb642bf7360b370c678b08e0adf61 1ed92395b5b598bdda52abe5c0dbfd63 224 tf
        NASNetLarge A/nasnet/NASNet-large.h5 11577c9a518f0070763c2b964a382f17 d81d89dc07e6e56530c4e77faddd61b5 331 tf
        MobileNetV3Large_0.75 A/mobilenet_v3/weights_mobilenet_v3_large_224_0.75_float.h5 765b44a33ad4005b3ac83185abf1d0eb 40af19a13ebea4e2ee0c676887f69a2e 224 none
        MobileNetV3Large A/mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float.h5 59e551e166be033d707958cf9e29a6a7 07fb09a5933dd0c8eaafa16978110389 224 none
        MobileNetV3Large_minimalistic A/mobilenet_v3/weights_mobilenet_v3_large_minimalistic_224_1.0_float.h5 675e7b876c45c57e9e63e6d90a36599c ec5221f64a2f6d1ef965a614bdae7973 224 none
        MobileNetV3Small_0.75 A/mobilenet_v3/weights_mobilenet_v3_small_224_0.75_float.h5 cb65d4e5be93758266aa0a7f2c6708b7 ebdb5cc8e0b497cd13a7c275d475c819 224 none
        MobileNetV3Small A/mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float.h5 8768d4c2e7dee89b9d02b2d03d65d862 d3e8ec802a04aa4fc771ee12a9a9b836 224 none
        MobileNetV3Small_minimalistic A/mobilenet_v3/weights_mobilenet_v3_small_minimalistic_224_1.0_float.h5 99cd97fb2fcdad2bf028eb838de69e37 cde8136e733e811080d9fcd8a252f7e4 224 none
        EfficientNetB0 E/efficientnetb0.h5 902e53a9f72be733fc0bcb005b3ebbac 50bc09e76180e00e4465e1a485ddc09d 224 none
        EfficientNetB1 E/efficientnetb1.h5 1d254153d4ab51201f1646940f018540 74c4e6b3e1f6a1eea24c589628592432 240 none
        EfficientNetB2 E/efficientnetb2.h5 b15cce36ff4dcbd00b6dd88e7857a6ad 111f8e2ac8aa800a7a99e3239f7bfb39 260 none
        EfficientNetB3 E/efficientnetb3.h5 ffd1fdc53d0ce67064dc6a9c7960ede0 af6d107764bb5b1abb91932881670226 300 none
        EfficientNetB4 E/efficientnetb4.h5 18c95ad55216b8f92d7e70b3a046e2fc ebc24e6d6c33eaebbd558eafbeedf1ba 380 none
        EfficientNetB5 E/efficientnetb5.h5 ace28f2a6363774853a83a0b21b9421a 38879255a25d3c92d5e44e04ae6cec6f 456 none
        EfficientNetB6 E/efficientnetb6.h5 165f6e37dce68623721b423839de8be5 9ecce42647a20130c1f39a5d4cb75743 528 none
        EfficientNetB7 E/efficientnetb7.h5 8c03f828fec3ef71311cd463b6759d99 cbcfe4450ddf6f3ad90b1b398090fe4a 600 none
        EfficientNetV2B0 A/efficientnet_v2/efficientnetv2-b0.h5 21ecbf6da12460d5c40bb2f29ceb2188 893217f2bb855e2983157299931e43ff 224 none
        EfficientNetV2B1 A/efficientnet_v2/efficientnetv2-b1.h5 069f0534ff22adf035c89e2d9547a9dc 0e80663031ca32d657f9caa404b6ec37 240 none
        EfficientNetV2B2 A/efficientnet_v2/efficientnetv2-b2.h5 424e49f28180edbde1e94797771950a7 1dfe2e7a5d45b6632553a8961ea609eb 260 none
        EfficientNetV2B3 A/efficientnet_v2/efficientnetv2-b3.h5 1f1fc43bd98a6e4fd8fdfd551e02c7a0 f6abf7b5849ac99a89b50dd3fd532856 300 none
        EfficientNetV2S A/efficientnet_v2/efficientnetv2-s.h5 e1d88a8495beba45748fedd0cecbe016 af0682fb74e8c54910f2d4393339c070 384 none
        EfficientNetV2M A/efficientnet_v2/efficientnetv2-m.h5 a3bf6aa3276309f4fc6a34aa114c95cd 1b8dc055df72dde80d614482840fe342 480 none
        EfficientNetV2L A/efficientnet_v2/efficientnetv2-l.h5 27e6d408b53c7ebc868fefa357689935 b0b66b5c863aef5b46e8608fe1711615 480 none
        ConvNeXtTiny A/convnext/convnext_tiny.h5 8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1 224 none
        ConvNeXtSmall A/convnext/convnext_small.h5 ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c 6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab 224 none
        ConvNeXtBase A/convnext/convnext_base.h5 52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6 40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45 224 none
        ConvNeXtLarge A/convnext/convnext_large.h5 070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6 96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd 224 none
        ConvNeXtXLarge A/convnext/convnext_xlarge.h5 c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05 224 none
        """;

    /// <summary>The model of a name, compared ignoring case; null where there is none.</summary>
    public static KerasApplication? Find(string name, bool hasTop) =>
        All(hasTop).FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>All models, in the table's order; then the widths and sizes of MobileNet, for which no hashes are published.</summary>
    public static IEnumerable<KerasApplication> All(bool hasTop)
    {
        foreach (var line in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.Split(' ') is [var name, var path, var hash, var hashWithoutTop, var size, var preprocessing])
                yield return new KerasApplication(name, hasTop, AddressOf(hasTop ? path : WithoutTop(path)),
                    DigestOf(hasTop ? hash : hashWithoutTop), int.Parse(size, CultureInfo.InvariantCulture), preprocessing);
        }
        foreach (var (width, inFile) in MobileNetWidths)
        {
            foreach (var size in MobileNetSizes)
                yield return MobileNet($"mobilenet/mobilenet_{inFile}_{size}_tf", "MobileNet", width, size, hasTop);
        }
        foreach (var width in MobileNetV2Widths)
        {
            // The wider ones were trained at one size.
            foreach (var size in width is "1.4" or "1.3" ? MobileNetV2Sizes[..1] : MobileNetV2Sizes)
                yield return MobileNet($"mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{width}_{size}", "MobileNetV2", width, size, hasTop);
        }
    }

    // "MobileNet" alone is the full width at the full size, as in Keras.
    private static KerasApplication MobileNet(string path, string family, string width, string size, bool hasTop) => new(
        width == "1.0" && size == "224" ? family : $"{family}_{width}_{size}", hasTop,
        $"{A}{path}{(hasTop ? "" : "_no_top")}.h5", Digest: null, int.Parse(size, CultureInfo.InvariantCulture), "tf");

    private static string AddressOf(string path) => (path[0] == 'A' ? A : E) + path[2..];

    private static string WithoutTop(string path)
    {
        var stem = path[..^".h5".Length];
        return path.Contains("/NASNet-", StringComparison.Ordinal) ? $"{stem}-no-top.h5"
            : path.Contains("/weights_mobilenet_v3_", StringComparison.Ordinal) ? $"{stem}_no_top_v2.h5" : $"{stem}_notop.h5";
    }

    private static Digest DigestOf(string hash) => new(hash.Length == 32 ? DigestAlgorithm.Md5 : DigestAlgorithm.Sha256, hash);
}
