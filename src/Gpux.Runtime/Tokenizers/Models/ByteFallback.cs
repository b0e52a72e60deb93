namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> that stand for bytes which no other token covers.</summary>
internal static class ByteFallback
{
    /// <returns>256 ids; -1 for those that the vocabulary lacks.</returns>
    public static int[] Find(Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (var b = 0; b < ids.Length; b++)
            ids[b] = vocabulary.Find(System.Text.Encoding.ASCII.GetBytes($"<0x{b:X2}>"));
        return ids;
    }

    public static bool Covers(int[] ids, ReadOnlySpan<byte> text)
    {
        foreach (var b in text)
        {
            if (ids[b] < 0)
                return false;
        }
        return true;
    }
}
