using Gpux.Conversion.Architectures.Audio;
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
        AudioSpectrogramTransformer.Architecture,
        Bert.Architecture,
        Clap.Architecture,
        Clap.AudioModel,
        Clap.TextModel,
        Data2VecAudio.Architecture,
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
        Hubert.Architecture,
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
        Parakeet.Architecture,
        Parakeet.Encoder,
        RemBert.Architecture,
        ResNet.Architecture,
        Roberta.Architecture,
        Roberta.Camembert,
        Roberta.Data2VecText,
        Roberta.XlmRoberta,
        RobertaPreLayerNorm.Architecture,
        RoFormer.Architecture,
        Sew.Architecture,
        SewD.Architecture,
        SqueezeBert.Architecture,
        Wav2Vec2.Architecture,
        Wav2Vec2.UniSpeech,
        Wav2Vec2.UniSpeechSat,
        Wav2Vec2Bert.Architecture,
        Wav2Vec2Conformer.Architecture,
        WavLM.Architecture,
        ViT.Architecture,
        Xlm.Architecture,
        Xlm.Flaubert,
        XlmRobertaXl.Architecture,
    ];

    public static Architecture? Find(string modelType) => All.FirstOrDefault(architecture => architecture.ModelType == modelType);
}
