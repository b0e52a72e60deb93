using System.Buffers.Binary;
using System.Numerics;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>A stream as bits, the highest of a byte first. What was read since the last <see cref="Begin"/> stays in memory, so that its
/// checksum can be told.</summary>
internal sealed class FlacBits(Stream stream)
{
    /// <summary>More than the largest frame: 65,535 samples of 8 channels and 33 bits.</summary>
    private const int MaxBytes = 4 << 20;

    // Behind the last byte, so that eight bytes can be loaded anywhere.
    private const int Slack = 8;
    private byte[] _bytes = new byte[(1 << 16) + Slack];
    private int _start, _end;
    private long _bit;

    /// <summary>Everything before may be forgotten.</summary>
    public void Begin() => _start = (int)(_bit >> 3);

    /// <summary>The bytes since <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> Read => _bytes.AsSpan(_start, (int)(_bit >> 3) - _start);

    /// <param name="count">From 0 to 57.</param>
    /// <exception cref="EndOfStreamException"/>
    public ulong Bits(int count)
    {
        if (count == 0)
            return 0;
        var value = Window(count) >> (64 - count);
        _bit += count;
        return value;
    }

    /// <summary>A number in two's complement.</summary>
    /// <param name="count">From 0 to 57.</param>
    public long Signed(int count)
    {
        if (count == 0)
            return 0;
        var value = (long)Window(count) >> (64 - count);
        _bit += count;
        return value;
    }

    /// <summary>How many zeros stand before the next one, which is read too.</summary>
    public long Unary()
    {
        long zeros = 0;
        while (true)
        {
            var window = Window(1);
            // Of the window 57 bits are sure to be the stream's.
            var run = Math.Min(57, BitOperations.LeadingZeroCount(window));
            zeros += run;
            _bit += run;
            if (run < 57)
            {
                _bit++;
                return zeros;
            }
        }
    }

    public void SkipToByte() => _bit = (_bit + 7) & ~7L;

    // The next bits, at the top; at least so many are the stream's.
    private ulong Window(int count)
    {
        var at = (int)(_bit >> 3);
        if (at + Slack > _end)
        {
            Fill();
            at = (int)(_bit >> 3);
            if (_bit + count > 8L * _end)
                throw new EndOfStreamException();
        }
        return BinaryPrimitives.ReadUInt64BigEndian(_bytes.AsSpan(at)) << (int)(_bit & 7);
    }

    private void Fill()
    {
        _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
        _end -= _start;
        _bit -= 8L * _start;
        _start = 0;
        if (_end + Slack >= _bytes.Length - Slack && _bytes.Length < MaxBytes)
            Array.Resize(ref _bytes, 2 * _bytes.Length);
        _end += stream.ReadAtLeast(_bytes.AsSpan(_end, _bytes.Length - Slack - _end), Math.Min(Slack, _bytes.Length - Slack - _end), throwOnEndOfStream: false);
        _bytes.AsSpan(_end, Slack).Clear();
    }
}
