using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Patterns;

/// <summary>Every single character that has a property.</summary>
internal sealed class CharacterPattern : Pattern
{
    private readonly CharacterFlags _flag;
    private readonly ulong _ascii0;
    private readonly ulong _ascii1;

    private CharacterPattern(CharacterFlags flag, Func<int, bool> ascii)
    {
        _flag = flag;
        for (var c = 0; c < 64; c++)
        {
            _ascii0 |= ascii(c) ? 1UL << c : 0;
            _ascii1 |= ascii(c + 64) ? 1UL << c : 0;
        }
    }

    public static CharacterPattern WhiteSpace { get; } = new(CharacterFlags.WhiteSpace, Characters.IsWhiteSpace);

    /// <summary>ASCII punctuation and symbols, and category P.</summary>
    public static CharacterPattern Punctuation { get; } = new(CharacterFlags.Punctuation, Characters.IsAsciiPunctuation);

    /// <summary>Category N.</summary>
    public static CharacterPattern Number { get; } = new(CharacterFlags.Number, c => c is >= '0' and <= '9');

    public override void FindMatches(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        var last = 0;
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            var c = Utf8.Next(text, ref i);
            if (!(c < 0x80 ? (((c < 64 ? _ascii0 : _ascii1) >> c) & 1) != 0 : Characters.Has(c, _flag)))
                continue;
            if (last < start)
                scratch.Matches.Add(last, start, false);
            scratch.Matches.Add(start, i, true);
            last = i;
        }
        if (last < text.Length)
            scratch.Matches.Add(last, text.Length, false);
    }
}
