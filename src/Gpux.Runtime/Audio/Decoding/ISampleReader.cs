namespace Gpux.Runtime.Audio.Decoding;

/// <summary>Decodes a sound block by block.</summary>
internal interface ISampleReader : IDisposable
{
    /// <summary>Frames a second, as the file states it; not checked.</summary>
    int SampleRate { get; }

    int Channels { get; }

    /// <summary>Decodes the next samples, those of all channels of a frame together.</summary>
    /// <param name="frames">A whole number of frames.</param>
    /// <returns>How many samples were written: whole frames; 0 at the end.</returns>
    int Read(Span<float> frames);
}
