using System.Globalization;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Dates and times as people and programs write them. What may be read in two ways is refused.</summary>
internal static class SourceTime
{
    /// <returns>In UTC, which is also meant where no zone is said.</returns>
    /// <exception cref="RowRefusedException">It is no date, or says neither the year nor whether the day or the month comes first.</exception>
    public static DateTimeOffset Parse(string column, string text)
    {
        var date = text.AsSpan().Trim();
        var (first, firstLength) = Number(date);
        var isNumeric = firstLength is 1 or 2 && firstLength < date.Length && date[firstLength] is '/' or '.' or '-';
        if (isNumeric)
        {
            var separator = date[firstLength];
            var (second, secondLength) = Number(date[(firstLength + 1)..]);
            var yearAt = firstLength + secondLength + 2;
            var (year, yearLength) = yearAt <= date.Length && secondLength is 1 or 2 && date[yearAt - 1] == separator ? Number(date[yearAt..]) : (0, 0);
            if (secondLength is 1 or 2)
            {
                if (yearLength != 4)
                    throw new RowRefusedException(column, $"{Shown(text)} has no year of four digits: write it as 2025-01-31");
                if (first <= 12 && second <= 12 && first != second)
                    throw new RowRefusedException(column, $"{Shown(text)} is {Iso(year, second, first)} or {Iso(year, first, second)}: write the one that is meant");
                var (month, day) = first > 12 ? (second, first) : (first, second);
                return Read(column, text, $"{Iso(year, month, day)}{date[(yearAt + yearLength)..]}");
            }
        }
        // A time alone would be one of today.
        if (!HasYear(date))
            throw new RowRefusedException(column, $"{Shown(text)} is no date with a year of four digits");
        return Read(column, text, date);
    }

    private static DateTimeOffset Read(string column, string text, ReadOnlySpan<char> date) =>
        DateTimeOffset.TryParse(date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : throw new RowRefusedException(column, $"{Shown(text)} is no date and time");

    private static string Iso(int year, int month, int day) => string.Create(CultureInfo.InvariantCulture, $"{year:0000}-{month:00}-{day:00}");

    private static string Shown(string text) => SourceRow.Shown(text);

    private static bool HasYear(ReadOnlySpan<char> date)
    {
        for (var run = 0; !date.IsEmpty; date = date[1..])
            if ((run = char.IsAsciiDigit(date[0]) ? run + 1 : 0) == 4)
                return true;
        return false;
    }

    /// <summary>The digits that a text begins with, as many as a year has.</summary>
    private static (int Value, int Length) Number(ReadOnlySpan<char> text)
    {
        var (value, length) = (0, 0);
        for (; length < text.Length && length < 4 && char.IsAsciiDigit(text[length]); length++)
            value = value * 10 + (text[length] - '0');
        return (value, length);
    }
}
