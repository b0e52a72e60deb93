using Gpux.Conversion.Architectures.Generation;
using Gpux.Conversion.Architectures.Text;
using Gpux.Conversion.Architectures.Vision;

namespace Gpux.Conversion.Architectures;

/// <summary>Every architecture that GPUX builds, by model_type.</summary>
internal static class ArchitectureCatalog
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Albert.Architecture,
        Bert.Architecture,
        Deberta.Architecture,
        DebertaV2.Architecture,
        DistilBert.Architecture,
        Electra.Architecture,
        Ernie.Architecture,
        Esm.Architecture,
        EuroBert.Architecture,
        FNet.Architecture,
        Gpt2.Architecture,
        Gte.Architecture,
        JinaEmbeddingsV3.Architecture,
        LayoutLM.Architecture,
        LayoutLMv3.Architecture,
        Lilt.Architecture,
        Longformer.Architecture,
        Luke.Architecture,
        MegatronBert.Architecture,
        MobileBert.Architecture,
        ModernBert.Architecture,
        MPNet.Architecture,
        NomicBert.Architecture,
        Nystromformer.Architecture,
        RemBert.Architecture,
        ResNet.Architecture,
        Roberta.Architecture,
        Roberta.Camembert,
        Roberta.Data2VecText,
        Roberta.XlmRoberta,
        RobertaPreLayerNorm.Architecture,
        RoFormer.Architecture,
        SqueezeBert.Architecture,
        Timm.TimmModel.Architecture,
        Torchvision.TorchvisionModel.Architecture,
        ViT.Architecture,
        Xlm.Architecture,
        Xlm.Flaubert,
        XlmRobertaXl.Architecture,
    ];

    public static Architecture? Find(string modelType) => All.FirstOrDefault(architecture => architecture.ModelType == modelType);
}
