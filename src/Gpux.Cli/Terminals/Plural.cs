namespace Gpux.Cli.Terminals;

internal static class Plural
{
    /// <summary>A number of things: "1 file", "2 files".</summary>
    public static string Of(int count, string thing) => $"{count} {thing}{(count == 1 ? "" : "s")}";
}
