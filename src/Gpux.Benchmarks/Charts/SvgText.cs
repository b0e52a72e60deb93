using System.Globalization;
using System.Text;

namespace Gpux.Benchmarks.Charts;

/// <summary>Writes the elements of an SVG or HTML file. Every text is escaped; what XML does not allow, and what turns the direction of the
/// text around it, becomes U+FFFD.</summary>
internal sealed class SvgText
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    public override string ToString() => _text.ToString();

    /// <param name="attributes">Names and values in turns.</param>
    public SvgText Open(string element, params ReadOnlySpan<string> attributes)
    {
        Start(element, attributes);
        _text.Append('>');
        _open.Push(element);
        return this;
    }

    public SvgText Close()
    {
        _text.Append("</").Append(_open.Pop()).Append(">\n");
        return this;
    }

    /// <summary>An element without content.</summary>
    public SvgText Empty(string element, params ReadOnlySpan<string> attributes)
    {
        Start(element, attributes);
        _text.Append("/>\n");
        return this;
    }

    /// <summary>An element that holds a text.</summary>
    public SvgText Text(string element, string text, params ReadOnlySpan<string> attributes)
    {
        Start(element, attributes);
        _text.Append('>').Append(Escape(text)).Append("</").Append(element).Append(">\n");
        return this;
    }

    public SvgText Text(string text)
    {
        _text.Append(Escape(text));
        return this;
    }

    /// <summary>What is markup already.</summary>
    public SvgText Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    public SvgText Line()
    {
        _text.Append('\n');
        return this;
    }

    /// <summary>A coordinate: two decimals are finer than any screen.</summary>
    public static string Number(double value) => (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes()) // a half of a surrogate pair comes as U+FFFD
        {
            switch (rune.Value)
            {
                case '&': escaped.Append("&amp;"); break;
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                case '\n' or '\t': escaped.Append(' '); break;
                case < 0x20 or >= 0x7F and < 0xA0 or 0xFFFE or 0xFFFF: escaped.Append('\uFFFD'); break;
                case 0x200E or 0x200F or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069: escaped.Append('\uFFFD'); break;
                default: escaped.Append(rune.ToString()); break;
            }
        }
        return escaped.ToString();
    }

    private void Start(string element, ReadOnlySpan<string> attributes)
    {
        _text.Append('<').Append(element);
        for (var i = 0; i < attributes.Length; i += 2)
            _text.Append(' ').Append(attributes[i]).Append("=\"").Append(Escape(attributes[i + 1])).Append('"');
    }
}
