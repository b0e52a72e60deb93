using Gpux.Benchmarks.Transfers.Formats;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Formats of results that can be imported: a line for each.</summary>
public static class ResultFormats
{
    /// <summary>In the order in which a file is tried.</summary>
    internal static IReadOnlyList<IResultReader> Readers { get; } =
    [
        new GpuxReader(),
        new RunJsonReader(),
        new MlflowReader(),
        new MlperfLogReader(),
        new MlperfTableReader(),
        new LlamaBenchReader(),
        new VllmReader(),
        new SeedReader(),
        new MappedReader(),
    ];

    /// <summary>As people write them after --format.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Readers.Select(reader => reader.Format)];

    /// <param name="isNamed">Whether the user named the file, and not a folder that it is in: then maps are meant for it.</param>
    /// <returns>Null for a file in none of them.</returns>
    internal static IResultReader? Recognize(SourceFile file, ImportOptions options, bool isNamed)
    {
        if (options.Format is { } format)
            return Readers.First(reader => reader.Format == format);
        return Readers.FirstOrDefault(reader => reader.Recognizes(file))
            ?? (options.Maps.Count > 0 && file.Kind is SourceKind.Text or SourceKind.Json or SourceKind.Parquet
                && (isNamed || options.Maps.Any(map => file.Columns.Contains(ColumnMap.Parse(map).Source))) ? Readers[^1] : null);
    }
}
