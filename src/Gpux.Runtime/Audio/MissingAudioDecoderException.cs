namespace Gpux.Runtime.Audio;

/// <summary>A format needs a decoder that is not part of GPUX and not on this machine.</summary>
public sealed class MissingAudioDecoderException(string file, string format, string decoder, string remedy) : GpuxException(
    ErrorCode.MissingAudioDecoder, $"The sound '{file}' is {format}, which is read by {decoder}, and that is not on this machine.",
    remedy)
{
    public string File { get; } = file;
    public string Decoder { get; } = decoder;
}
