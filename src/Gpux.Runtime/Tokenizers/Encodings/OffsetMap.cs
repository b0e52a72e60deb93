using System.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Turns places in a text's UTF-8 into places in UTF-16 and in code points.</summary>
internal sealed class OffsetMap
{
    private int[] _utf16 = [];
    private int[] _codePoints = [];
    private bool _isAscii;
    private int _length;

    public void Load(ReadOnlySpan<byte> text)
    {
        _length = text.Length;
        _isAscii = Ascii.IsValid(text);
        if (_isAscii)
            return;
        if (_utf16.Length <= text.Length)
        {
            _utf16 = new int[Math.Max(text.Length + 1, _utf16.Length * 2)];
            _codePoints = new int[_utf16.Length];
        }
        var (utf16, codePoints) = (0, 0);
        for (var i = 0; i < text.Length; codePoints++)
        {
            var length = Utf8.LengthOf(text[i]);
            _utf16.AsSpan(i, length).Fill(utf16);
            _codePoints.AsSpan(i, length).Fill(codePoints);
            utf16 += length == 4 ? 2 : 1;
            i += length;
        }
        _utf16[text.Length] = utf16;
        _codePoints[text.Length] = codePoints;
    }

    public (TextRange Utf16, TextRange CodePoints) Convert(int start, int end)
    {
        var range = new TextRange(start, end);
        // Places outside the text stay as they are: so they do in the reference.
        if (_isAscii || start >= _length || end > _length)
            return (range, range);
        return (new TextRange(_utf16[start], _utf16[end]), new TextRange(_codePoints[start], _codePoints[end]));
    }
}
