using System.Globalization;

namespace Gpux.Cli.Terminals;

/// <summary>Spans of time as people write and read them.</summary>
internal static class Age
{
    /// <summary>How long ago: "3 days ago".</summary>
    public static string Format(TimeSpan time) => time.TotalMinutes < 1 ? "now" : time.TotalHours < 1 ? $"{time.TotalMinutes:0} min ago"
        : time.TotalDays < 1 ? $"{time.TotalHours:0} h ago" : $"{time.TotalDays:0} {(Math.Round(time.TotalDays) == 1 ? "day" : "days")} ago";

    /// <summary>Reads a number and s, m, h, d or w: 30d.</summary>
    /// <exception cref="UsageException">Something else.</exception>
    public static TimeSpan Parse(string option, string text)
    {
        var seconds = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, 'w' => 604_800, _ => 0 };
        return seconds > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 100_000
            ? TimeSpan.FromSeconds((double)count * seconds)
            : throw new UsageException($"{option} is '{text}', where a time was expected.", "Write a number and s, m, h, d or w, such as 30d.");
    }
}
