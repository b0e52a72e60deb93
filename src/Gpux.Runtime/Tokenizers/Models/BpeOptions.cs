namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>What a BPE model does beside merging.</summary>
/// <param name="UnknownToken">Stands for a character without a token; null: such a character vanishes.</param>
/// <param name="ContinuingPrefix">Put before every character but a word's first.</param>
/// <param name="EndSuffix">Put behind a word's last character.</param>
/// <param name="FuseUnknown">Whether neighbouring unknown characters become one token.</param>
/// <param name="ByteFallback">Whether an unknown character becomes the tokens of its bytes where there are such tokens.</param>
/// <param name="IgnoreMerges">Whether a word that is a token is taken as it is.</param>
internal sealed record BpeOptions(
    byte[]? UnknownToken, byte[] ContinuingPrefix, byte[] EndSuffix, bool FuseUnknown, bool ByteFallback, bool IgnoreMerges)
{
    /// <summary>The id of what stands for a character without a token, where no text becomes that token; null: that of <see cref="UnknownToken"/>.</summary>
    public int? UnknownId { get; init; }

    public bool HasUnknown => UnknownToken is not null || UnknownId is not null;
}
