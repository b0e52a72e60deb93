using System.Globalization;
using Gpux.Bench.Measurement;

namespace Gpux.Bench.Reports;

internal static class TableText
{
    private static readonly string[] Heads = ["name", "unit", "ours", "best", "spread", "peer", "best", "ratio", "peer's name"];

    public static void Write(TextWriter output, Report report)
    {
        string[][] lines = [Heads, .. report.Rows.Select(Cells)];
        var widths = Heads.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        output.WriteLine($"{report.Bench}: medians, and the best of all repetitions{(report.Load is { } load ? $"; load before {Number(load)}" : "")}");
        foreach (var line in lines)
            output.WriteLine("  " + string.Join("  ", line.Select((cell, column) => IsText(column) ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
        output.WriteLine();
    }

    private static string[] Cells(Row row) =>
    [
        row.Name, row.Unit, Number(row.Ours.Median), Number(row.Ours.Best), Spread(row.Ours),
        row.Peer is { } peer ? Number(peer.Median) : "", row.Peer is { } best ? Number(best.Best) : "", row.Ratio is { } ratio ? Number(ratio) : "", row.PeerName,
    ];

    private static string Spread(Series series) => series.Values.Count > 1 ? (series.Spread * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "";

    private static bool IsText(int column) => column is 0 or 1 or 8;

    // Three significant digits are what such measurements are good for.
    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
