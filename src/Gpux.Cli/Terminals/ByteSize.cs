namespace Gpux.Cli.Terminals;

internal static class ByteSize
{
    /// <summary>A size for people, in decimal units as disks and networks are sold: "438 MB".</summary>
    public static string Format(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 999_500 => $"{Three(bytes / 1e3)} kB",
        < 999_500_000 => $"{Three(bytes / 1e6)} MB",
        < 999_500_000_000 => $"{Three(bytes / 1e9)} GB",
        _ => $"{Three(bytes / 1e12)} TB",
    };

    // Three digits that matter.
    private static string Three(double number) => number >= 99.95 ? $"{number:0}" : number >= 9.995 ? $"{number:0.#}" : $"{number:0.##}";
}
