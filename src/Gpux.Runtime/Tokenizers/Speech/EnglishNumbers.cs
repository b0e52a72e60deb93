using System.Globalization;
using System.Numerics;
using System.Text;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>Writes English numbers in digits: "twenty five dollars and three cents" becomes "$25.03".</summary>
/// <remarks>Source: transformers 4.57.1, EnglishNumberNormalizer, whose surprises ("nineth") are kept.</remarks>
internal sealed class EnglishNumbers
{
    private const string Prefixes = "-+£€$¢";

    private static readonly Dictionary<string, int> Ones = Numbered(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", 1, 1);

    private static readonly Dictionary<string, int> Tens = Numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10);

    private static readonly Dictionary<string, BigInteger> Multipliers = PowersOfTen();

    private static readonly Dictionary<string, (BigInteger Value, string Suffix)> OnesSuffixed = SuffixedOnes();

    private static readonly Dictionary<string, (BigInteger Value, string Suffix)> TensSuffixed = SuffixedTens();

    private static readonly Dictionary<string, (BigInteger Value, string Suffix)> MultipliersSuffixed = SuffixedMultipliers();

    private readonly List<string> _output = [];
    private string? _prefix;
    private Number? _value;

    private EnglishNumbers()
    {
    }

    public static string Normalize(string text)
    {
        var numbers = new EnglishNumbers();
        numbers.ReadWords(PythonText.Split(Prepare(text)));
        return Finish(string.Join(' ', numbers._output));
    }

    private void ReadWords(List<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var previous = i > 0 ? words[i - 1] : "";
            var next = i + 1 < words.Count ? words[i + 1] : "";
            if (Read(previous, words[i], next))
                i++;
        }
        Flush();
    }

    // True: the next word was read too.
    private bool Read(string previous, string word, string next)
    {
        var digits = Prefixes.Contains(word[0], StringComparison.Ordinal) ? word[1..] : word;
        if (IsNumeric(digits))
            ReadDigits(word, digits);
        else if (IsZero(word))
            _value = Number.Of((_value is { } value && !value.IsZero ? value.ToString() : "") + "0");
        else if (Ones.TryGetValue(word, out var ones))
            _value = WithOnes(ones, previous);
        else if (OnesSuffixed.TryGetValue(word, out var suffixedOnes))
            Write(WithOnes(suffixedOnes.Value, previous) + suffixedOnes.Suffix);
        else if (Tens.TryGetValue(word, out var tens))
            _value = WithTens(tens);
        else if (TensSuffixed.TryGetValue(word, out var suffixedTens))
            Write(WithTens(suffixedTens.Value) + suffixedTens.Suffix);
        else if (Multipliers.TryGetValue(word, out var multiplier))
            _value = Multiplied(multiplier);
        else if (MultipliersSuffixed.TryGetValue(word, out var suffixed))
            Write(Multiplied(suffixed.Value) + suffixed.Suffix);
        else if (word is "minus" or "negative" or "plus" or "positive")
            ReadSign(word, next);
        else if (CurrencyOf(word) is { } currency)
            ReadCurrency(word, currency);
        else if (word is "per" or "percent")
            return ReadPercent(word, next);
        else if (word is "and" or "double" or "triple" or "point")
            return ReadSpecial(previous, word, next);
        else
            WriteBehindValue(word);
        return false;
    }

    private void ReadDigits(string word, string digits)
    {
        if (_value is { IsText: true } started && started.ToString().EndsWith('.'))
        {
            // Decimals, or the next part of an address.
            _value = Number.Of(started + word);
            return;
        }
        Flush();
        if (digits.Length < word.Length)
            _prefix = word[..1];
        _value = Number.WholeOf(digits) is { } whole ? Number.Of(whole) : Number.Of(digits);
    }

    private Number WithOnes(BigInteger ones, string previous)
    {
        if (_value is not { } value)
            return Number.Of(ones);
        if (value.IsText || Ones.ContainsKey(previous))
        {
            // After tens, a digit takes the place of their last zero.
            var text = value.ToString();
            return Number.Of(Tens.ContainsKey(previous) && ones < 10 ? text[..^1] + ones : text + ones);
        }
        return value.Whole % (ones < 10 ? 10 : 100) == 0 ? Number.Of(value.Whole + ones) : Number.Of(value.ToString() + ones);
    }

    private Number WithTens(BigInteger tens)
    {
        if (_value is not { } value)
            return Number.Of(tens);
        return !value.IsText && value.Whole % 100 == 0 ? Number.Of(value.Whole + tens) : Number.Of(value.ToString() + tens);
    }

    private Number Multiplied(BigInteger multiplier)
    {
        if (_value is not { } value)
            return Number.Of(multiplier);
        if (!value.IsText && !value.IsZero)
            return Number.Of(value.Whole / 1000 * 1000 + value.Whole % 1000 * multiplier);
        if (Number.ProductOf(value.ToString(), multiplier) is { } product)
            return Number.Of(product);
        Flush();
        return Number.Of(multiplier);
    }

    private void ReadSign(string word, string next)
    {
        Flush();
        if (IsNumberWord(next) || IsNumeric(next))
            _prefix = word is "minus" or "negative" ? "-" : "+";
        else
            Write(word);
    }

    private void ReadCurrency(string word, string currency)
    {
        if (_value is null)
        {
            Write(word);
            return;
        }
        _prefix = currency;
        Flush();
    }

    private bool ReadPercent(string word, string next)
    {
        if (_value is not { } value)
        {
            Write(word);
            return false;
        }
        if (word == "percent" || next == "cent")
        {
            Write(value + "%");
            return word == "per";
        }
        WriteBehindValue(word);
        return false;
    }

    private bool ReadSpecial(string previous, string word, string next)
    {
        if (!IsNumberWord(next) && !IsNumeric(next))
        {
            WriteBehindValue(word);
        }
        else if (word == "and")
        {
            // After hundreds and thousands it is part of the number.
            if (!Multipliers.ContainsKey(previous))
                WriteBehindValue(word);
        }
        else if (word == "point")
        {
            if (Ones.ContainsKey(next) || Tens.ContainsKey(next) || IsZero(next) || IsNumeric(next))
                _value = Number.Of((_value is { IsZero: false } value ? value.ToString() : "") + ".");
        }
        else if (Ones.ContainsKey(next) || IsZero(next))
        {
            var digit = Ones.GetValueOrDefault(next).ToString(CultureInfo.InvariantCulture);
            var repeated = word == "double" ? digit + digit : digit + digit + digit;
            _value = Number.Of((_value is { IsZero: false } value ? value.ToString() : "") + repeated);
            return true;
        }
        else
        {
            WriteBehindValue(word);
        }
        return false;
    }

    private void WriteBehindValue(string word)
    {
        Flush();
        Write(word);
    }

    private void Flush()
    {
        if (_value is { } value)
            Write(value.ToString());
    }

    private void Write(string text)
    {
        _output.Add(_prefix + text);
        (_prefix, _value) = (null, null);
    }

    private static bool IsZero(string word) => word is "o" or "oh" or "zero";

    private static bool IsNumberWord(string word) =>
        IsZero(word) || Ones.ContainsKey(word) || OnesSuffixed.ContainsKey(word) || Tens.ContainsKey(word) || TensSuffixed.ContainsKey(word)
        || Multipliers.ContainsKey(word) || MultipliersSuffixed.ContainsKey(word) || CurrencyOf(word) is not null
        || word is "minus" or "negative" or "plus" or "positive" or "per" or "percent" or "and" or "double" or "triple" or "point";

    private static string? CurrencyOf(string word) => word switch
    {
        "pound" or "pounds" => "£",
        "euro" or "euros" => "€",
        "dollar" or "dollars" => "$",
        "cent" or "cents" => "¢",
        _ => null,
    };

    // Digits, and perhaps a point and more digits.
    private static bool IsNumeric(string word)
    {
        var whole = DigitsAt(word, 0);
        if (whole == 0 || whole == word.Length)
            return whole > 0;
        var fraction = word[whole] == '.' ? DigitsAt(word, whole + 1) : 0;
        return fraction > 0 && whole + 1 + fraction == word.Length;
    }

    private static int DigitsAt(string word, int start)
    {
        var end = start;
        while (end < word.Length && char.IsAsciiDigit(word[end]))
            end++;
        return end - start;
    }

    // "Two and a half" is two point five; numbers and letters are words of their own, but for endings such as "th".
    private static string Prepare(string text)
    {
        text = WithHalves(text);
        var result = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (i > 0 && ((char.IsAsciiLetterLower(text[i - 1]) && char.IsAsciiDigit(text[i])) || (char.IsAsciiDigit(text[i - 1]) && char.IsAsciiLetterLower(text[i]))))
                result.Append(' ');
            result.Append(text[i]);
        }
        return WithEndings(result.ToString());
    }

    private static string WithHalves(string text)
    {
        var parts = new List<string>();
        var start = 0;
        for (var at = text.IndexOf("and", StringComparison.Ordinal); at >= 0; at = text.IndexOf("and", at + 1, StringComparison.Ordinal))
        {
            var end = HalfAt(text, at);
            if (end < 0)
                continue;
            AddHalf(parts, text[start..at]);
            start = end;
            at = end - 1;
        }
        if (PythonText.Strip(text[start..]).Length > 0)
            parts.Add(text[start..]);
        return string.Join(' ', parts);
    }

    private static void AddHalf(List<string> parts, string before)
    {
        var words = PythonText.Split(before);
        if (words.Count == 0)
            return;
        parts.Add(before);
        var last = words[^1];
        parts.Add(Ones.ContainsKey(last) || Tens.ContainsKey(last) || IsZero(last) || Multipliers.ContainsKey(last) ? "point five" : "and a half");
    }

    // Where "and a half" ends that starts at a place; -1: there is none.
    private static int HalfAt(string text, int at)
    {
        if (!WordEdges.Is(text, at))
            return -1;
        var end = at + "and".Length;
        foreach (var word in (string[])["a", "half"])
        {
            var start = end;
            while (end < text.Length && PythonText.IsSpace(text[end]))
                end++;
            if (end == start || !text.AsSpan(end).StartsWith(word))
                return -1;
            end += word.Length;
        }
        return WordEdges.Is(text, end) ? end : -1;
    }

    private static string WithEndings(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            result.Append(text[i]);
            if (!char.IsAsciiDigit(text[i]))
                continue;
            var start = i + 1;
            while (start < text.Length && PythonText.IsSpace(text[start]))
                start++;
            foreach (var ending in (string[])["st", "nd", "rd", "th", "s"])
            {
                if (start == i + 1 || !text.AsSpan(start).StartsWith(ending) || !WordEdges.Is(text, start + ending.Length))
                    continue;
                result.Append(ending);
                i = start + ending.Length - 1;
                break;
            }
        }
        return result.ToString();
    }

    // Money and its cents become one amount, and a lonely 1 a word.
    private static string Finish(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var length = AmountAt(text, i, result);
            if (length == 0)
                result.Append(text[i++]);
            i += length;
        }
        text = result.ToString();
        result.Clear();
        for (var i = 0; i < text.Length;)
        {
            var length = LonelyCentsAt(text, i, result);
            if (length == 0)
                result.Append(text[i++]);
            i += length;
        }
        text = WordEdges.Replace(result.ToString(), "1s", "ones", startsWord: true);
        return WordEdges.Replace(text, "1", "one", startsWord: true);
    }

    private static int AmountAt(string text, int start, StringBuilder into)
    {
        if (!"€£$".Contains(text[start], StringComparison.Ordinal))
            return 0;
        var whole = DigitsAt(text, start + 1);
        var at = start + 1 + whole;
        if (whole == 0 || at >= text.Length || text[at] != ' ')
            return 0;
        at++;
        if (text.AsSpan(at).StartsWith("and "))
            at += "and ".Length;
        if (at >= text.Length || text[at] != '¢')
            return 0;
        var cents = DigitsAt(text, at + 1);
        if (cents is 0 or > 2 || !WordEdges.Is(text, at + 1 + cents))
            return 0;
        into.Append(text, start, 1 + whole).Append('.').Append(text.AsSpan(at + 1, cents).ToString().PadLeft(2, '0'));
        return at + 1 + cents - start;
    }

    private static int LonelyCentsAt(string text, int start, StringBuilder into)
    {
        // Any character may stand for the point.
        if (start + 3 >= text.Length || !"€£$".Contains(text[start], StringComparison.Ordinal) || text[start + 1] != '0')
            return 0;
        var cents = DigitsAt(text, start + 3);
        if (cents is 0 or > 2 || !WordEdges.Is(text, start + 3 + cents))
            return 0;
        into.Append('¢').Append(int.Parse(text.AsSpan(start + 3, cents), CultureInfo.InvariantCulture));
        return 3 + cents;
    }

    private static Dictionary<string, int> Numbered(string names, int first, int step)
    {
        var all = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names.Split(' '))
            all.Add(name, first + all.Count * step);
        return all;
    }

    private static Dictionary<string, BigInteger> PowersOfTen()
    {
        var all = new Dictionary<string, BigInteger>(StringComparer.Ordinal) { ["hundred"] = 100 };
        var power = BigInteger.One;
        foreach (var name in (string[])["thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion", "octillion", "nonillion", "decillion"])
            all.Add(name, power *= 1000);
        return all;
    }

    private static Dictionary<string, (BigInteger, string)> SuffixedOnes()
    {
        var all = new Dictionary<string, (BigInteger, string)>(StringComparer.Ordinal)
        {
            ["zeroth"] = (0, "th"),
            ["first"] = (1, "st"),
            ["second"] = (2, "nd"),
            ["third"] = (3, "rd"),
            ["fifth"] = (5, "th"),
            ["twelfth"] = (12, "th"),
        };
        foreach (var (name, value) in Ones)
        {
            all.Add(name == "six" ? "sixes" : name + "s", (value, "s"));
            if (value > 3 && value != 5 && value != 12)
                all.Add(name + (name.EndsWith('t') ? "h" : "th"), (value, "th"));
        }
        return all;
    }

    private static Dictionary<string, (BigInteger, string)> SuffixedTens()
    {
        var all = new Dictionary<string, (BigInteger, string)>(StringComparer.Ordinal);
        foreach (var (name, value) in Tens)
        {
            all.Add(name.Replace("y", "ies", StringComparison.Ordinal), (value, "s"));
            all.Add(name.Replace("y", "ieth", StringComparison.Ordinal), (value, "th"));
        }
        return all;
    }

    private static Dictionary<string, (BigInteger, string)> SuffixedMultipliers()
    {
        var all = new Dictionary<string, (BigInteger, string)>(StringComparer.Ordinal);
        foreach (var (name, value) in Multipliers)
        {
            all.Add(name + "s", (value, "s"));
            all.Add(name + "th", (value, "th"));
        }
        return all;
    }

    /// <summary>A number as far as it was read: a value, or digits that more may follow.</summary>
    private readonly record struct Number(string? Text, BigInteger Whole)
    {
        public bool IsText => Text is not null;

        public bool IsZero => Text is null && Whole.IsZero;

        public static Number Of(string text) => new(text, default);

        public static Number Of(BigInteger whole) => new(null, whole);

        /// <returns>Null if the digits behind the point are not all zero.</returns>
        public static BigInteger? WholeOf(string digits) => ProductOf(digits, 1);

        /// <returns>Null if it is no number, or the product no whole one.</returns>
        public static BigInteger? ProductOf(string digits, BigInteger factor)
        {
            var point = digits.IndexOf('.', StringComparison.Ordinal);
            var whole = point < 0 ? digits : digits[..point];
            var fraction = point < 0 ? "" : digits[(point + 1)..];
            if (DigitsAt(whole, 0) != whole.Length || DigitsAt(fraction, 0) != fraction.Length || whole.Length + fraction.Length == 0)
                return null;
            var product = BigInteger.Parse("0" + whole + fraction, CultureInfo.InvariantCulture) * factor;
            var divisor = BigInteger.Pow(10, fraction.Length);
            return product % divisor == 0 ? product / divisor : null;
        }

        public override string ToString() => Text ?? Whole.ToString(CultureInfo.InvariantCulture);
    }
}
