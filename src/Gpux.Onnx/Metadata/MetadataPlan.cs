using Microsoft.Win32.SafeHandles;

namespace Gpux.Onnx.Metadata;

internal enum PatchKind
{
    /// <summary>Makes the file longer, by fields that mean nothing and of which none crosses a page: it may end between two of them.</summary>
    Extend,

    /// <summary>Writes where no parser looks: it may stop anywhere.</summary>
    WriteHidden,

    /// <summary>Changes one byte: it has happened or not.</summary>
    Switch,

    /// <summary>The same, of a pair that the file has twice: in which order several happen does not matter.</summary>
    HideDouble,

    /// <summary>Makes the file shorter: it has happened or not.</summary>
    Truncate,
}

/// <param name="Bytes">What is written; empty for <see cref="PatchKind.Truncate"/>.</param>
internal sealed record PatchStep(PatchKind Kind, long Offset, byte[] Bytes);

/// <summary>How metadata are changed within a file, in steps between and within which a reader sees the old or the new.</summary>
/// <remarks>Why this holds: docs/decisions/0011-metadata-in-place.md.</remarks>
internal sealed class MetadataPlan
{
    // The system writes page by page, and an end between two pages may be seen, or stay if the process is killed. Larger pages are
    // multiples of this.
    private const int PageBytes = 1 << 12;
    private const int SpareBytes = 256;
    private static readonly byte[] Nothing = [MetadataWire.Open, 0];
    private static readonly byte[] NothingOfThree = [MetadataWire.Open, 0x80, 0];

    private readonly SafeFileHandle _file;
    private readonly List<TopLevelField> _fields;
    private readonly List<PatchStep> _steps = [];
    private readonly long _length;

    private MetadataPlan(SafeFileHandle file, List<TopLevelField> fields)
    {
        _file = file;
        _fields = fields;
        _length = fields[^1].End;
    }

    /// <summary>The one length, in every 4096 bytes, to which nothing can be appended without a moment in which the file is
    /// damaged: the first byte of a field would be the last of a page.</summary>
    public static bool CanExtend(long length) => length % PageBytes != PageBytes - 1;

    /// <summary>A field of three bytes that means nothing: what to append to a copy of a file that cannot be extended.</summary>
    public static ReadOnlySpan<byte> Spacer => NothingOfThree;

    /// <param name="fields">Those of the file.</param>
    /// <param name="before">The pairs that it has.</param>
    /// <param name="after">The pairs that it shall have.</param>
    /// <param name="texts">The texts to change, by field number.</param>
    /// <returns>The steps; null if the file must be copied first, see <see cref="CanExtend"/>.</returns>
    /// <exception cref="InvalidMetadataException">The file would become too large.</exception>
    public static IReadOnlyList<PatchStep>? Make(SafeFileHandle file, string path, List<TopLevelField> fields,
        IReadOnlyList<KeyValuePair<string, string>> before, IReadOnlyList<KeyValuePair<string, string>> after, IReadOnlyList<(int Field, string Value)> texts)
    {
        var plan = new MetadataPlan(file, fields);
        if (plan.Truncates(before, after, texts) || plan.Exchanges(path, after, texts))
            return plan._steps;
        if (!CanExtend(plan._length))
            return null;
        plan.Extend(path, before, after, texts);
        return plan._steps;
    }

    private IEnumerable<TopLevelField> Pairs => _fields.Where(each => each.Number == TopLevelField.Metadata);

    // Pairs that stand last can be cut off.
    private bool Truncates(
        IReadOnlyList<KeyValuePair<string, string>> before, IReadOnlyList<KeyValuePair<string, string>> after, IReadOnlyList<(int, string)> texts)
    {
        if (texts.Count > 0 || after.Count >= before.Count || Pairs.Count() != before.Count || !after.SequenceEqual(before.Take(after.Count)))
            return false;
        var first = Pairs.ElementAt(after.Count);
        if (_fields.Exists(field => field.Start > first.Start && field.Number != TopLevelField.Metadata))
            return false;
        _steps.Add(new PatchStep(PatchKind.Truncate, first.Start, []));
        return true;
    }

    // Once there are two rooms that are large enough, each edit fills the hidden one and shows it.
    private bool Exchanges(string path, IReadOnlyList<KeyValuePair<string, string>> after, IReadOnlyList<(int Field, string Value)> texts)
    {
        if (MetadataBanks.Find(_file, _fields) is not { } banks || !Pairs.All(banks.Shows))
            return false;
        var content = MetadataWire.Encode(after, KeptTexts(banks, path).Where(kept => !texts.Any(text => text.Field == kept.Field)).Concat(texts));
        if (!MetadataWire.Fits(content, banks.HiddenCapacity))
            return false;
        _steps.Add(new PatchStep(PatchKind.WriteHidden, banks.HiddenStart, MetadataWire.Fill(content, banks.HiddenCapacity)));
        _steps.Add(new PatchStep(PatchKind.Switch, banks.Start, [banks.OtherTag]));
        return true;
    }

    // Texts of an earlier edit would vanish with the room that they are in.
    private List<(int Field, string Value)> KeptTexts(MetadataBanks banks, string path)
    {
        var left = OnnxMetadata.LimitBytes;
        var texts = new List<(int Field, string Value)>();
        foreach (var field in _fields.Where(banks.Shows))
        {
            if (field.Number is TopLevelField.ProducerName or TopLevelField.ProducerVersion or TopLevelField.DocString)
                texts.Add((field.Number, System.Text.Encoding.UTF8.GetString(OnnxMetadata.Value(_file, field, ref left, path))));
        }
        return texts;
    }

    // Protobuf allows numbers to be longer than they need to be.
    private bool HasShortTag(TopLevelField field)
    {
        Span<byte> tag = stackalloc byte[1];
        return RandomAccess.Read(_file, tag, field.Start) == 1 && tag[0] == (field.Number << 3 | (int)field.WireType);
    }

    private void AddNothing(List<byte> sled, int size)
    {
        while (size > 0)
        {
            var inPage = (int)Math.Min(size, PageBytes - (_length + sled.Count) % PageBytes);
            sled.AddRange(MetadataWire.Fill([], inPage));
            size -= inPage;
        }
    }

    private void Extend(string path, IReadOnlyList<KeyValuePair<string, string>> before,
        IReadOnlyList<KeyValuePair<string, string>> after, IReadOnlyList<(int, string)> texts)
    {
        var (old, wanted) = (MetadataWire.Encode(before, []), MetadataWire.Encode(after, texts));
        // Twice what is needed now: the next edits will find room.
        var capacity = (Math.Max(old.Length, wanted.Length) + SpareBytes) * 2;
        var (firstSize, secondSize) = (capacity + MetadataWire.HeaderBytes, capacity);

        var sled = new List<byte>();
        // With everything at even places no field is cut to one byte, and the header lies within a page.
        if (_length % 2 == 1)
            sled.AddRange(NothingOfThree);
        while ((_length + sled.Count) % PageBytes > PageBytes - MetadataWire.HeaderBytes)
            sled.AddRange(Nothing);
        var start = _length + sled.Count;
        sled.AddRange(MetadataWire.Header(MetadataWire.Open, firstSize));
        foreach (var size in (ReadOnlySpan<int>)[firstSize, secondSize])
            AddNothing(sled, size);
        if (_length + sled.Count > int.MaxValue)
            throw new InvalidMetadataException(path, $"the file would have {_length + sled.Count} bytes, and protobuf ends at 2 GiB");

        var first = start + MetadataWire.HeaderBytes;
        _steps.Add(new PatchStep(PatchKind.Extend, _length, [.. sled]));
        _steps.Add(new PatchStep(PatchKind.Switch, start, [MetadataWire.Closed]));
        // With nothing to replace, the new pairs go to the first room at once.
        var shown = before.Count == 0 ? wanted : old;
        _steps.Add(new PatchStep(PatchKind.WriteHidden, first,
            [.. MetadataWire.Fill(shown, capacity), .. MetadataWire.Header(MetadataWire.Closed, secondSize)]));
        _steps.Add(new PatchStep(PatchKind.Switch, start, [MetadataWire.Open]));
        if (before.Count == 0)
            return;
        // Everything old is there twice now, and may vanish pair by pair where it was.
        foreach (var pair in Pairs)
        {
            if (!HasShortTag(pair))
                throw new InvalidMetadataException(path, $"the tag at byte {pair.Start} is spelled in more bytes than it needs, so that it cannot be changed in place");
            _steps.Add(new PatchStep(PatchKind.HideDouble, pair.Start, [MetadataWire.Closed]));
        }
        _steps.Add(new PatchStep(PatchKind.WriteHidden, first + firstSize, MetadataWire.Fill(wanted, secondSize)));
        _steps.Add(new PatchStep(PatchKind.Switch, start, [MetadataWire.Closed]));
    }
}
