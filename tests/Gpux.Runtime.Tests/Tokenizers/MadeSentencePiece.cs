using System.Buffers.Binary;
using Gpux.Runtime.Tokenizers.SentencePiece;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Writes small SentencePiece models.</summary>
internal sealed class MadeSentencePiece
{
    private readonly List<byte> _pieces = [];

    public SentencePieceKind Kind { get; init; } = SentencePieceKind.Unigram;

    public bool ByteFallback { get; init; }

    public bool AddDummyPrefix { get; init; } = true;

    public bool RemoveExtraWhitespaces { get; init; } = true;

    public bool SpaceIsSuffix { get; init; }

    /// <summary>&lt;unk&gt;, &lt;s&gt;, &lt;/s&gt;, and pieces that score less the later they come.</summary>
    public static MadeSentencePiece Of(SentencePieceKind kind, params ReadOnlySpan<string> pieces) => new MadeSentencePiece { Kind = kind }.With(pieces);

    public MadeSentencePiece With(params ReadOnlySpan<string> pieces)
    {
        Add("<unk>", 0, PieceType.Unknown);
        Add("<s>", 0, PieceType.Control);
        Add("</s>", 0, PieceType.Control);
        for (var i = 0; i < pieces.Length; i++)
            Add(pieces[i], -1 - i);
        return this;
    }

    public MadeSentencePiece Add(string text, float score, PieceType type = PieceType.Normal)
    {
        List<byte> piece = [];
        WriteBytes(piece, 1, System.Text.Encoding.UTF8.GetBytes(text));
        var bits = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bits, score);
        piece.Add((2 << 3) | 5);
        piece.AddRange(bits);
        WriteNumber(piece, 3, (int)type);
        WriteBytes(_pieces, 1, [.. piece]);
        return this;
    }

    public byte[] ToArray()
    {
        List<byte> model = [.. _pieces];
        List<byte> trainer = [];
        WriteNumber(trainer, 3, (int)Kind);
        WriteNumber(trainer, 24, SpaceIsSuffix ? 1 : 0);
        WriteNumber(trainer, 35, ByteFallback ? 1 : 0);
        WriteBytes(model, 2, [.. trainer]);
        List<byte> normalizer = [];
        WriteNumber(normalizer, 3, AddDummyPrefix ? 1 : 0);
        WriteNumber(normalizer, 4, RemoveExtraWhitespaces ? 1 : 0);
        WriteBytes(model, 3, [.. normalizer]);
        return [.. model];
    }

    private static void WriteNumber(List<byte> message, int field, int value)
    {
        WriteVarint(message, (ulong)field << 3);
        WriteVarint(message, (ulong)value);
    }

    private static void WriteBytes(List<byte> message, int field, ReadOnlySpan<byte> bytes)
    {
        WriteVarint(message, ((ulong)field << 3) | 2);
        WriteVarint(message, (ulong)bytes.Length);
        message.AddRange(bytes);
    }

    private static void WriteVarint(List<byte> message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            message.Add((byte)(value | 0x80));
        message.Add((byte)value);
    }
}
