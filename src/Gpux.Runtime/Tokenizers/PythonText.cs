using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers;

/// <summary>String methods of Python where .NET's differ.</summary>
internal static class PythonText
{
    /// <summary>Takes white space off both ends, which for Python includes the separators U+001C to U+001F.</summary>
    public static string Strip(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsSpace(text[start]))
            start++;
        while (end > start && IsSpace(text[end - 1]))
            end--;
        return text[start..end];
    }

    public static bool IsSpace(char c) => c is >= '\x1C' and <= '\x1F' || Characters.IsWhiteSpace(c);
}
