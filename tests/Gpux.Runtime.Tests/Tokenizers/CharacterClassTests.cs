using System.Globalization;
using System.Text;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Every code point in or out of a class of regular expressions, as the original engine said.</summary>
public sealed class CharacterClassTests
{
    [Theory]
    [InlineData("w", @"\w")]
    [InlineData("d", @"\d")]
    [InlineData("s", @"\s")]
    [InlineData("alnum", "[[:alnum:]]")]
    [InlineData("punct", "[[:punct:]]")]
    [InlineData("Han", @"\p{Han}")]
    public void Class_has_what_the_original_has(string file, string pattern)
    {
        var expected = new HashSet<int>();
        foreach (var line in File.ReadLines(Path.Combine(TokenizerCases.Extract, "classes", $"{file}.txt")))
        {
            var ends = line.Split(' ').Select(end => int.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            expected.UnionWith(Enumerable.Range(ends[0], ends[1] - ends[0] + 1));
        }
        var regex = RegexPattern.Parse(pattern);
        var scratch = new TextScratch { RegexBudget = long.MaxValue };
        Span<byte> utf8 = stackalloc byte[4];
        for (var c = 0; c <= 0x10FFFF; c++)
        {
            if (!Rune.TryCreate(c, out var rune))
                continue;
            scratch.Matches.Clear();
            regex.FindMatches(utf8[..rune.EncodeToUtf8(utf8)], scratch);
            Assert.True(expected.Contains(c) == scratch.Matches.Matches[0].IsMatch, $"U+{c:X4}");
        }
    }
}
