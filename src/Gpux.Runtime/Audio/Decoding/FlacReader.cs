using System.Buffers.Binary;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>FLAC files, of 4 to 32 bits and up to 8 channels. A frame whose checksum is wrong is refused; a file that ends early is read
/// as far as its last whole frame.</summary>
/// <remarks>Source: RFC 9639.</remarks>
internal sealed class FlacReader : ISampleReader
{
    private const int StreamInfoBytes = 34, MaxMetadataBlocks = 1 << 12, MaxFixedOrder = 4;
    private readonly FlacBits _bits;
    private readonly string _name;
    private readonly int _bitsPerSample;
    private readonly long _total;
    private readonly long[][] _channels;
    private readonly float _scale;
    private long _decoded;
    private int _blockSize, _given;

    /// <param name="stream">Begins with fLaC.</param>
    public FlacReader(Stream stream, string name)
    {
        _name = name;
        stream.Position += 4;
        var info = ReadStreamInfo(stream, name);
        var fields = BinaryPrimitives.ReadUInt64BigEndian(info.AsSpan(10));
        SampleRate = (int)(fields >> 44);
        Channels = (int)(fields >> 41 & 7) + 1;
        _bitsPerSample = (int)(fields >> 36 & 31) + 1;
        _total = (long)(fields & ((1UL << 36) - 1)); // 0 if not known
        _scale = 1f / (1L << (_bitsPerSample - 1));
        _channels = new long[Channels][];
        Array.Fill(_channels, []);
        _bits = new FlacBits(stream);
    }

    public int SampleRate { get; }
    public int Channels { get; }

    public int Read(Span<float> frames)
    {
        if (_given == _blockSize && !NextFrame())
            return 0;
        var count = Math.Min(frames.Length / Channels, _blockSize - _given);
        for (var channel = 0; channel < Channels; channel++)
        {
            var samples = _channels[channel].AsSpan(_given, count);
            for (int i = 0, at = channel; i < count; i++, at += Channels)
                frames[at] = samples[i] * _scale;
        }
        _given += count;
        return count * Channels;
    }

    public void Dispose()
    {
        // The stream is the caller's.
    }

    private static byte[] ReadStreamInfo(Stream stream, string name)
    {
        byte[]? info = null;
        Span<byte> header = stackalloc byte[4];
        for (var block = 0; block < MaxMetadataBlocks; block++)
        {
            if (stream.ReadAtLeast(header, 4, throwOnEndOfStream: false) < 4)
                throw new DamagedAudioException(name, "it ends before its samples");
            var bytes = (int)(BinaryPrimitives.ReadUInt32BigEndian(header) & 0xFFFFFF);
            if ((header[0] & 0x7F) == 0)
            {
                info = new byte[StreamInfoBytes];
                if (bytes < StreamInfoBytes || stream.ReadAtLeast(info, StreamInfoBytes, throwOnEndOfStream: false) < StreamInfoBytes)
                    throw new DamagedAudioException(name, "its header ends early");
                bytes -= StreamInfoBytes;
            }
            stream.Position = Math.Min(stream.Length, stream.Position + bytes);
            if ((header[0] & 0x80) != 0)
                return info ?? throw new DamagedAudioException(name, "it does not say what it holds");
        }
        throw new DamagedAudioException(name, $"none of its first {MaxMetadataBlocks} parts is the last before its samples");
    }

    private bool NextFrame()
    {
        _given = _blockSize = 0;
        if (_total > 0 && _decoded >= _total)
            return false;
        try
        {
            _bits.Begin();
            var assignment = ReadHeader(out var blockSize);
            for (var channel = 0; channel < Channels; channel++)
            {
                if (_channels[channel].Length < blockSize)
                    _channels[channel] = new long[blockSize];
                ReadSubframe(_channels[channel].AsSpan(0, blockSize), _bitsPerSample + (IsSide(assignment, channel) ? 1 : 0));
            }
            _bits.SkipToByte();
            var expected = Crc16(_bits.Read);
            if (_bits.Bits(16) != expected)
                throw Damaged("the checksum of a frame is wrong");
            if (assignment >= 8)
                Decorrelate(assignment, _channels[0].AsSpan(0, blockSize), _channels[1].AsSpan(0, blockSize));
            _blockSize = _total > 0 ? (int)Math.Min(blockSize, _total - _decoded) : blockSize;
            _decoded += _blockSize;
            return true;
        }
        catch (EndOfStreamException)
        {
            return false;
        }
    }

    /// <returns>How the channels are stored: below 8 each on its own; 8, 9 and 10 left, right or the middle with the difference.</returns>
    private int ReadHeader(out int blockSize)
    {
        if (_bits.Bits(15) != 0b111_1111_1111_1100)
            throw Damaged("a frame does not begin where the one before ends");
        _bits.Bits(1); // whether frames or samples are counted, which nothing here needs
        var sizeCode = (int)_bits.Bits(4);
        var rateCode = (int)_bits.Bits(4);
        var assignment = (int)_bits.Bits(4);
        var depthCode = (int)_bits.Bits(3);
        _bits.Bits(1);
        SkipNumber();
        blockSize = sizeCode switch
        {
            0 => throw Damaged("a frame has no size"),
            1 => 192,
            <= 5 => 576 << (sizeCode - 2),
            6 => (int)_bits.Bits(8) + 1,
            7 => (int)_bits.Bits(16) + 1,
            _ => 256 << (sizeCode - 8),
        };
        _bits.Bits(rateCode switch { 12 => 8, 13 or 14 => 16, 15 => throw Damaged("a frame has no rate"), _ => 0 });
        var header = Crc8(_bits.Read);
        if (_bits.Bits(8) != header)
            throw Damaged("the checksum of a frame's header is wrong");
        if (assignment > 10 || (assignment < 8 ? assignment + 1 : 2) != Channels)
            throw Damaged("a frame has other channels than the file states");
        var depth = depthCode switch { 0 => _bitsPerSample, 1 => 8, 2 => 12, 4 => 16, 5 => 20, 6 => 24, 7 => 32, _ => 0 };
        if (depth != _bitsPerSample)
            throw Damaged("a frame has other samples than the file states");
        return assignment;
    }

    // The frame's number, in the manner of UTF-8.
    private void SkipNumber()
    {
        var first = (int)_bits.Bits(8);
        for (var bit = 0x80; (first & bit) != 0 && bit > 1; bit >>= 1)
            if (bit < 0x80)
                _bits.Bits(8);
    }

    private void ReadSubframe(Span<long> samples, int depth)
    {
        if (_bits.Bits(1) != 0)
            throw Damaged("a part of a frame does not begin with 0");
        var type = (int)_bits.Bits(6);
        var wasted = _bits.Bits(1) != 0 ? _bits.Unary() + 1 : 0;
        if (wasted >= depth)
            throw Damaged("a frame has no bit of sound");
        depth -= (int)wasted;
        switch (type)
        {
            case 0:
                samples.Fill(_bits.Signed(depth));
                break;
            case 1:
                foreach (ref var sample in samples)
                    sample = _bits.Signed(depth);
                break;
            case >= 8 and <= 8 + MaxFixedOrder:
                ReadWarmUp(samples, type - 8, depth);
                ReadResidual(samples, type - 8);
                PredictFixed(samples, type - 8);
                break;
            case >= 32:
                ReadPredicted(samples, type - 31, depth);
                break;
            default:
                throw Damaged($"a frame is of the unknown kind {type}");
        }
        if (wasted > 0)
            foreach (ref var sample in samples)
                sample <<= (int)wasted;
    }

    private void ReadWarmUp(Span<long> samples, int order, int depth)
    {
        if (order > samples.Length)
            throw Damaged("a frame is shorter than its prediction reaches");
        foreach (ref var sample in samples[..order])
            sample = _bits.Signed(depth);
    }

    private void ReadPredicted(Span<long> samples, int order, int depth)
    {
        ReadWarmUp(samples, order, depth);
        var precision = (int)_bits.Bits(4) + 1;
        var shift = (int)_bits.Signed(5);
        if (precision == 16 || shift < 0)
            throw Damaged("a frame's prediction is not defined");
        Span<long> coefficients = stackalloc long[order];
        for (var i = 0; i < order; i++)
            coefficients[order - 1 - i] = _bits.Signed(precision);
        ReadResidual(samples, order);
        for (var i = order; i < samples.Length; i++)
        {
            long sum = 0;
            var past = samples.Slice(i - order, order);
            for (var k = 0; k < past.Length; k++)
                sum += past[k] * coefficients[k];
            samples[i] += sum >> shift;
        }
    }

    private void ReadResidual(Span<long> samples, int order)
    {
        var method = (int)_bits.Bits(2);
        if (method > 1)
            throw Damaged("a frame is coded in an unknown way");
        var partitions = 1 << (int)_bits.Bits(4);
        if (samples.Length % partitions != 0 || samples.Length / partitions < order)
            throw Damaged("a frame cannot be divided as it says");
        var parameterBits = 4 + method;
        for (var partition = 0; partition < partitions; partition++)
        {
            var part = samples[(partition == 0 ? order : samples.Length / partitions * partition)..(samples.Length / partitions * (partition + 1))];
            var parameter = (int)_bits.Bits(parameterBits);
            if (parameter == (1 << parameterBits) - 1)
            {
                var depth = (int)_bits.Bits(5);
                foreach (ref var sample in part)
                    sample = _bits.Signed(depth);
                continue;
            }
            foreach (ref var sample in part)
            {
                var folded = _bits.Unary() << parameter | (long)_bits.Bits(parameter);
                sample = folded >> 1 ^ -(folded & 1);
            }
        }
    }

    // Of a frame that is damaged sums may overflow; its checksum refuses it.
    private static void PredictFixed(Span<long> samples, int order)
    {
        for (var i = order; i < samples.Length; i++)
            samples[i] += order switch
            {
                0 => 0,
                1 => samples[i - 1],
                2 => 2 * samples[i - 1] - samples[i - 2],
                3 => 3 * (samples[i - 1] - samples[i - 2]) + samples[i - 3],
                _ => 4 * (samples[i - 1] + samples[i - 3]) - 6 * samples[i - 2] - samples[i - 4],
            };
    }

    private static bool IsSide(int assignment, int channel) => (assignment, channel) is (8 or 10, 1) or (9, 0);

    private static void Decorrelate(int assignment, Span<long> first, Span<long> second)
    {
        for (var i = 0; i < first.Length; i++)
            (first[i], second[i]) = assignment switch
            {
                8 => (first[i], first[i] - second[i]),
                9 => (first[i] + second[i], second[i]),
                // The middle has lost its lowest bit, which is the difference's.
                _ => (((first[i] << 1 | (second[i] & 1)) + second[i]) >> 1, ((first[i] << 1 | (second[i] & 1)) - second[i]) >> 1),
            };
    }

    private static ulong Crc8(ReadOnlySpan<byte> bytes)
    {
        var crc = 0;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc << 1 ^ ((crc & 0x80) != 0 ? 0x07 : 0)) & 0xFF;
        }
        return (ulong)crc;
    }

    private static ulong Crc16(ReadOnlySpan<byte> bytes)
    {
        var crc = 0;
        foreach (var value in bytes)
            crc = (crc << 8 ^ Crc16Table[(crc >> 8 ^ value) & 0xFF]) & 0xFFFF;
        return (ulong)crc;
    }

    private static readonly ushort[] Crc16Table = MakeCrc16Table();

    private static ushort[] MakeCrc16Table()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = i << 8;
            for (var bit = 0; bit < 8; bit++)
                crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x8005 : 0);
            table[i] = (ushort)crc;
        }
        return table;
    }

    private DamagedAudioException Damaged(string problem) => new(_name, problem);
}
