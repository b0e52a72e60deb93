using System.Globalization;
using System.Text.RegularExpressions;

namespace Gpux.Cli.Tests.Documents;

/// <summary>Whether a command printed what a document shows.</summary>
/// <remarks>What depends on the machine or the moment is left out of the comparison: numbers with a unit of time, size or rate,
/// numbers in exponential form (differences from a recording, and where they are largest), commits, the length of bars, the
/// width of blanks. Decimal fractions may differ by 0.01.</remarks>
internal static partial class ExpectedOutput
{
    private const string Anything = "...";
    private const double FractionTolerance = 0.0101;

    public static bool Matches(ReadOnlySpan<string> expected, ReadOnlySpan<string> actual)
    {
        if (expected.IsEmpty)
            return actual.IsEmpty;
        if (expected[0] != Anything)
            return !actual.IsEmpty && LineMatches(expected[0], actual[0]) && Matches(expected[1..], actual[1..]);
        for (var skipped = 0; skipped <= actual.Length; skipped++)
            if (Matches(expected[1..], actual[skipped..]))
                return true;
        return false;
    }

    private static bool LineMatches(string expected, string actual)
    {
        var (left, right) = (Normalize(expected), Normalize(actual));
        if (left.Contains(Anything))
            return Regex.IsMatch(right, $"^{Regex.Escape(left).Replace(Regex.Escape(Anything), ".*")}$");
        var (leftNumbers, rightNumbers) = (Fraction().Matches(left), Fraction().Matches(right));
        return Fraction().Replace(left, "#") == Fraction().Replace(right, "#")
            && leftNumbers.Zip(rightNumbers, (a, b) => Math.Abs(Number(a) - Number(b))).All(difference => difference <= FractionTolerance);
    }

    private static string Normalize(string line)
    {
        line = Commit().Replace(line, "#commit");
        line = Exponential().Replace(line, "#e");
        line = Measured().Replace(line, "#$1");
        line = MeasuredJson().Replace(line, "$1#");
        line = Bar().Replace(line, "█");
        return Blanks().Replace(line, " ").Trim();
    }

    private static double Number(Match match) => double.Parse(match.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b")]
    private static partial Regex Commit();

    [GeneratedRegex(@"\d+(\.\d+)?[eE][-+]?\d+( \([^)]*\))?")]
    private static partial Regex Exponential();

    [GeneratedRegex(@"\b\d+(?:\.\d+)?( (?:ms|s|min|h|B|kB|MB|GB|[a-z]+/s)\b)")]
    private static partial Regex Measured();

    [GeneratedRegex(@"(""(?:seconds|bytes|bytes_written|bytes_mapped|last_used|maxAbs|maxRel|run|output)"": )[^,]+")]
    private static partial Regex MeasuredJson();

    [GeneratedRegex(@"[█▉▊▋▌▍▎▏]+")]
    private static partial Regex Bar();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Fraction();
}
