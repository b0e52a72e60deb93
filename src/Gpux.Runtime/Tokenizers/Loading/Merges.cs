using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Fills a merge table, from tokenizer.json or merges.txt.</summary>
internal static class Merges
{
    private const int LongestToken = 1 << 16;

    /// <param name="prefix">Bytes that the right token starts with and the merged one leaves out.</param>
    /// <param name="crossMetaspace">Becomes true if a merged token has a metaspace behind another character.</param>
    public static void Add(
        MergeTable table, Vocabulary vocabulary, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, int rank, int prefix, string file, ref bool crossMetaspace)
    {
        if (left.Length + right.Length > LongestToken || right.Length < prefix)
            throw new InvalidTokenizerException(file, $"merge {rank} makes no token");
        Span<byte> merged = left.Length + right.Length <= 256 ? stackalloc byte[left.Length + right.Length] : new byte[left.Length + right.Length];
        left.CopyTo(merged);
        right[prefix..].CopyTo(merged[left.Length..]);
        var (leftId, rightId) = (vocabulary.Find(left), vocabulary.Find(right));
        var id = vocabulary.Find(merged[..^prefix]);
        if (leftId < 0 || rightId < 0 || id < 0)
            throw new InvalidTokenizerException(file, $"merge {rank} names a token that the vocabulary lacks");
        table.Add(leftId, rightId, rank, id);
        crossMetaspace |= CrossesMetaspace(left, right);
    }

    /// <summary>Whether what both make has a metaspace behind another character.</summary>
    public static bool CrossesMetaspace(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => right.StartsWith("▁"u8) && !IsMetaspaces(left);

    private static bool IsMetaspaces(ReadOnlySpan<byte> token)
    {
        while (token.StartsWith("▁"u8))
            token = token["▁"u8.Length..];
        return token.IsEmpty;
    }
}
