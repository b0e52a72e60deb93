using System.Globalization;
using System.Text;

namespace Gpux.Onnx;

/// <summary>Text of a model as people see it: a model's names come from strangers and go to terminals and logs.</summary>
internal static class ReadableText
{
    public static string Clip(string text, int length) => text.Length <= length ? text : $"{text.AsSpan(0, length)}...";

    /// <summary>Spells control characters out.</summary>
    public static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1F') && !text.AsSpan().ContainsAnyInRange('\x7F', '\x9F'))
            return text;
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsControl(c))
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                escaped.Append(c);
        }
        return escaped.ToString();
    }
}
