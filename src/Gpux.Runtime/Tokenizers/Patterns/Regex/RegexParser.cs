using System.Globalization;
using System.Text;
using static Gpux.Runtime.Tokenizers.Patterns.Regex.RegexNode;

namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>Reads a regular expression in Oniguruma's own syntax, over Unicode code points.</summary>
/// <remarks>Source: Oniguruma 6.9 doc/RE. Refused by name: references, calls, conditions, absence operators, \X, \R, \K, \G.</remarks>
internal sealed class RegexParser
{
    private const int MaximumDepth = 64;
    private const int MaximumLength = 64 * 1024;
    private const int MaximumRepeat = 1000;
    private readonly int[] _pattern;
    private readonly Dictionary<string, CodePointSet> _properties = [];
    private int _position;
    private int _depth;

    private RegexParser(int[] pattern) => _pattern = pattern;

    /// <exception cref="RegexSyntaxException">The expression is not valid or uses what this engine lacks.</exception>
    public static RegexNode Parse(string pattern)
    {
        if (pattern.Length > MaximumLength)
            throw new RegexSyntaxException("it is longer than 64 KiB");
        var codePoints = new List<int>(pattern.Length);
        foreach (var rune in pattern.EnumerateRunes())
            codePoints.Add(rune.Value);
        var parser = new RegexParser([.. codePoints]);
        var node = parser.ReadAlternation(default);
        return parser._position == codePoints.Count ? node : throw parser.Error("')' without '('");
    }

    private bool AtEnd => _position >= _pattern.Length;

    private int Current => AtEnd ? -1 : _pattern[_position];

    private bool Take(char c)
    {
        if (Current != c)
            return false;
        _position++;
        return true;
    }

    private bool Take(string text)
    {
        if (_position + text.Length > _pattern.Length)
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (_pattern[_position + i] != text[i])
                return false;
        }
        _position += text.Length;
        return true;
    }

    private RegexSyntaxException Error(string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{what} at character {_position}"));

    private RegexNode ReadAlternation(Options options)
    {
        if (++_depth > MaximumDepth)
            throw Error("groups are nested too deeply");
        var alternatives = new List<RegexNode>();
        do
        {
            alternatives.Add(ReadSequence(ref options));
        }
        while (Take('|'));
        _depth--;
        return alternatives.Count == 1 ? alternatives[0] : new Alternation(alternatives);
    }

    private RegexNode ReadSequence(ref Options options)
    {
        var parts = new List<RegexNode>();
        while (!AtEnd && Current is not ('|' or ')'))
        {
            if (options.Extended && SkipSpaceOrComment())
                continue;
            if (Take("(?#"))
            {
                while (!Take(')'))
                {
                    if (AtEnd)
                        throw Error("a comment has no end");
                    _position++;
                }
                continue;
            }
            // (?i) holds for the rest of the group, with its alternatives.
            if (ReadOptions(options, out var changed))
            {
                if (Take(')'))
                {
                    options = changed;
                    parts.Add(ReadAlternation(changed));
                    continue;
                }
                Expect(':');
                var body = ReadAlternation(changed);
                Expect(')');
                parts.Add(ReadRepeats(body));
                continue;
            }
            parts.Add(ReadRepeats(ReadAtom(options)));
        }
        return parts.Count == 1 ? parts[0] : new Sequence(parts);
    }

    private bool SkipSpaceOrComment()
    {
        if (Current is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
        {
            _position++;
            return true;
        }
        if (Current != '#')
            return false;
        while (!AtEnd && Current != '\n')
            _position++;
        return true;
    }

    /// <summary>Reads "(?imx-imx" and stops before ':' or ')'.</summary>
    private bool ReadOptions(Options options, out Options changed)
    {
        changed = options;
        var start = _position;
        if (!Take("(?"))
            return false;
        var on = true;
        for (; ; _position++)
        {
            switch (Current)
            {
                case '-':
                    on = false;
                    continue;
                case 'i':
                    changed = changed with { IgnoreCase = on };
                    continue;
                case 'm':
                    changed = changed with { DotMatchesLineEnd = on };
                    continue;
                case 'x':
                    changed = changed with { Extended = on };
                    continue;
                case ':' or ')' when _position > start + 2:
                    return true;
                default:
                    _position = start;
                    return false;
            }
        }
    }

    private void Expect(char c)
    {
        if (!Take(c))
            throw Error($"'{c}' is missing");
    }

    private RegexNode ReadAtom(Options options)
    {
        var c = _pattern[_position++];
        switch (c)
        {
            case '(':
                return ReadGroup(options);
            case '[':
                return Fold(ReadClass(options), options);
            case '.':
                return new Set(options.DotMatchesLineEnd ? CodePointSet.All : CodePointSet.Of('\n').Negate());
            case '^':
                return new Anchor(AnchorKind.LineStart);
            case '$':
                return new Anchor(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Error("nothing is repeated");
            case '\\':
                return ReadEscape(options);
            default:
                return Fold(CodePointSet.Of(c), options);
        }
    }

    private static Set Fold(CodePointSet set, Options options) => new(options.IgnoreCase ? set.IgnoreCase() : set);

    private RegexNode ReadGroup(Options options)
    {
        RegexNode Body()
        {
            var body = ReadAlternation(options);
            Expect(')');
            return body;
        }
        if (!Take('?'))
            return Body();
        if (Take(':'))
            return Body();
        if (Take('='))
            return new Look(Body(), Behind: false, Negated: false);
        if (Take('!'))
            return new Look(Body(), Behind: false, Negated: true);
        if (Take('>'))
            return new Atomic(Body());
        if (Take("<="))
            return new Look(Body(), Behind: true, Negated: false);
        if (Take("<!"))
            return new Look(Body(), Behind: true, Negated: true);
        if (Take('<'))
        {
            // A named group; its name has no effect, as references are refused.
            while (!Take('>'))
            {
                if (AtEnd)
                    throw Error("a group's name has no end");
                _position++;
            }
            return Body();
        }
        throw Error("this kind of group is not supported");
    }

    private RegexNode ReadEscape(Options options)
    {
        if (AtEnd)
            throw Error("the expression ends with a backslash");
        switch (Current)
        {
            case 'A':
                _position++;
                return new Anchor(AnchorKind.TextStart);
            case 'z':
                _position++;
                return new Anchor(AnchorKind.TextEnd);
            case 'Z':
                _position++;
                return new Anchor(AnchorKind.TextEndOrLastLineEnd);
            case 'b':
                _position++;
                return new Anchor(AnchorKind.WordBoundary);
            case 'B':
                _position++;
                return new Anchor(AnchorKind.NoWordBoundary);
            default:
                return ReadClassEscape() is { } set ? new Set(set) : Fold(CodePointSet.Of(ReadCharacterEscape()), options);
        }
    }

    /// <summary>What follows a backslash, where it stands for a set.</summary>
    private CodePointSet? ReadClassEscape()
    {
        var c = Current;
        switch (c)
        {
            case 's' or 'S':
                _position++;
                return Property("space", c == 'S');
            case 'w' or 'W':
                _position++;
                return Property("word", c == 'W');
            case 'd' or 'D':
                _position++;
                return Property("digit", c == 'D');
            case 'h' or 'H':
                _position++;
                return Property("xdigit", c == 'H');
            case 'N':
                _position++;
                return CodePointSet.Of('\n').Negate();
            case 'O':
                _position++;
                return CodePointSet.All;
            case 'p' or 'P':
                _position++;
                Expect('{');
                var negated = c == 'P' ^ Take('^');
                return Property(ReadUntil('}'), negated);
            default:
                return null;
        }
    }

    private CodePointSet Property(string name, bool negated)
    {
        if (!_properties.TryGetValue(name, out var set))
        {
            set = CharacterClasses.Property(name) ?? throw Error($"the property '{name}' is not known");
            _properties.Add(name, set);
        }
        return negated ? set.Negate() : set;
    }

    private string ReadUntil(char end)
    {
        var text = new StringBuilder();
        while (!Take(end))
        {
            if (AtEnd)
                throw Error($"'{end}' is missing");
            text.Append(char.ConvertFromUtf32(_pattern[_position++]));
        }
        return text.ToString();
    }

    /// <summary>What follows a backslash, where it stands for one character.</summary>
    private int ReadCharacterEscape()
    {
        var c = _pattern[_position++];
        switch (c)
        {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'a':
                return '\a';
            case 'e':
                return 0x1B;
            case 'x' when Take('{'):
                return CodePoint(ReadUntil('}'));
            case 'x':
                return CodePoint(ReadHex(2));
            case 'u':
                return CodePoint(ReadHex(4));
            case '0':
                return 0;
            case >= '1' and <= '9' or 'k' or 'g' or 'X' or 'R' or 'K' or 'G' or 'y' or 'Y':
                throw Error($"\\{(char)c} is not supported");
            default:
                return c;
        }
    }

    private string ReadHex(int most)
    {
        var text = new StringBuilder();
        while (text.Length < most && !AtEnd && Current < 128 && char.IsAsciiHexDigit((char)Current))
            text.Append((char)_pattern[_position++]);
        return text.ToString();
    }

    private int CodePoint(string hex) =>
        int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && Rune.IsValid(value)
            ? value : throw Error($"'{hex}' is not a code point");

    /// <summary>Reads a class, whose '[' is read.</summary>
    private CodePointSet ReadClass(Options options)
    {
        if (++_depth > MaximumDepth)
            throw Error("classes are nested too deeply");
        var negated = Take('^');
        CodePointSet? intersection = null;
        var set = CodePointSet.Empty;
        for (var first = true; ; first = false)
        {
            if (AtEnd)
                throw Error("a class has no end");
            if (Current == ']' && !first)
                break;
            if (Take("&&"))
            {
                intersection = intersection is null ? set : intersection.Intersect(set);
                set = CodePointSet.Empty;
                continue;
            }
            set = set.Union(ReadClassItem(options));
        }
        _position++;
        _depth--;
        var result = intersection is null ? set : intersection.Intersect(set);
        if (options.IgnoreCase && negated)
            result = result.IgnoreCase();
        return negated ? result.Negate() : result;
    }

    private CodePointSet ReadClassItem(Options options)
    {
        if (Take("[:"))
        {
            var negated = Take('^');
            var name = ReadUntil(':');
            Expect(']');
            return Property(name, negated);
        }
        if (Take('['))
            return ReadClass(options);
        if (Current == '\\')
        {
            _position++;
            if (AtEnd)
                throw Error("the expression ends with a backslash");
            if (ReadClassEscape() is { } set)
                return set;
            _position--;
        }
        var from = ReadClassCharacter();
        // A '-' before the end of the class, or before a set, stands for itself.
        if (Current != '-' || _position + 1 >= _pattern.Length || _pattern[_position + 1] is ']' or '[' || IsSetEscape(_position + 1))
            return CodePointSet.Of(from);
        _position++;
        var to = ReadClassCharacter();
        return to >= from ? CodePointSet.Range(from, to) : throw Error("a range is reversed");
    }

    private bool IsSetEscape(int position) => _pattern[position] == '\\' && position + 1 < _pattern.Length
        && _pattern[position + 1] is 's' or 'S' or 'w' or 'W' or 'd' or 'D' or 'h' or 'H' or 'p' or 'P';

    private int ReadClassCharacter()
    {
        var c = _pattern[_position++];
        if (c != '\\')
            return c;
        if (AtEnd)
            throw Error("the expression ends with a backslash");
        return Take('b') ? '\b' : ReadCharacterEscape();
    }

    private RegexNode ReadRepeats(RegexNode atom)
    {
        while (!AtEnd)
        {
            int minimum, maximum;
            var interval = false;
            if (Take('*'))
                (minimum, maximum) = (0, -1);
            else if (Take('+'))
                (minimum, maximum) = (1, -1);
            else if (Take('?'))
                (minimum, maximum) = (0, 1);
            else if (Current == '{' && ReadInterval(out minimum, out maximum))
                interval = true;
            else
                break;
            var kind = RepeatKind.Greedy;
            // After an exact number '?' makes the whole optional, and '+' repeats it: they are read as operators of their own.
            if (!(interval && minimum == maximum) && Take('?'))
                kind = RepeatKind.Lazy;
            else if (!interval && Take('+'))
                kind = RepeatKind.Possessive;
            if (atom is Anchor or Look)
                throw Error("a position cannot be repeated");
            atom = new Repeat(atom, minimum, maximum, kind);
        }
        return atom;
    }

    private bool ReadInterval(out int minimum, out int maximum)
    {
        var start = _position++;
        minimum = ReadNumber();
        maximum = minimum;
        if (Take(','))
            maximum = Current == '}' ? -1 : ReadNumber();
        var valid = Take('}') && (minimum >= 0 || maximum >= 0) && maximum >= -1;
        if (!valid)
        {
            // Not an interval: the brace stands for itself.
            _position = start;
            return false;
        }
        minimum = Math.Max(minimum, 0);
        if (minimum > MaximumRepeat || maximum > MaximumRepeat)
            throw Error("more than 1,000 repetitions");
        if (maximum >= 0 && maximum < minimum)
            throw Error("an interval is reversed");
        return true;
    }

    private int ReadNumber()
    {
        var value = -1;
        while (!AtEnd && Current is >= '0' and <= '9' && value <= MaximumRepeat)
            value = Math.Max(value, 0) * 10 + (_pattern[_position++] - '0');
        return value;
    }

    private readonly record struct Options(bool IgnoreCase, bool DotMatchesLineEnd, bool Extended);
}
