using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Reusable memory of one encode call; one thread at a time.</summary>
internal sealed class PipelineScratch
{
    public TextScratch Text { get; } = new();

    public ModelScratch Model { get; } = new();

    public PartList Parts { get; } = new();

    public TokenRow Row { get; } = new();

    public IdList Ids { get; } = new();

    public byte[] Utf8 { get; private set; } = new byte[512];

    public OffsetMap Offsets { get; } = new();

    public void ReserveUtf8(int count)
    {
        if (Utf8.Length < count)
            Utf8 = new byte[Math.Max(count, Utf8.Length * 2)];
    }
}
