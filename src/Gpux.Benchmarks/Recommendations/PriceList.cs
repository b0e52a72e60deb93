using System.Globalization;
using Gpux.Models.Batches;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What an hour of hardware costs, where, and since when that is known.</summary>
/// <param name="Hardware">A platform's name.</param>
/// <param name="DeviceCount">Devices that the price is for.</param>
/// <param name="Kind">"on-demand", "spot", "reserved" or "owned".</param>
/// <param name="AsOf">The day on which the price was read.</param>
public sealed record HardwarePrice(
    string Hardware, int DeviceCount, string Sku, string Provider, string? Region, double PerHour, string Currency, string Kind, DateOnly AsOf, string Source)
{
    /// <summary>What an hour of so many devices costs, in as many of this as it takes.</summary>
    public double PerHourOf(int deviceCount) => PerHour * deviceCount / DeviceCount;
}

/// <summary>Prices of hardware: dated data with their source, which a user may replace by their own.</summary>
/// <param name="Name">The file, or "built in".</param>
/// <param name="Prices">All in one currency.</param>
public sealed record PriceList(string Name, IReadOnlyList<HardwarePrice> Prices)
{
    /// <summary>Prices older than this are shown with a warning.</summary>
    public const int FreshDays = 90;

    private const int SizeLimitBytes = 16 << 20;
    private static readonly string[] Columns =
        ["hardware", "device_count", "sku", "provider", "region", "unit", "price", "currency", "kind", "as_of", "source"];
    private static readonly string[] Kinds = ["on-demand", "spot", "reserved", "owned"];
    private static readonly Lazy<PriceList> Embedded = new(() =>
        new PriceList("built in", [.. EmbeddedTable.Rows("prices.csv").Select((fields, i) => Read("built in", i + 2, Columns, fields))]));

    /// <summary>In which all costs are told, such as "USD".</summary>
    public string Currency => Prices.Count > 0 ? Prices[0].Currency : "USD";

    /// <summary>On-demand prices of one provider, of August 2026.</summary>
    public static PriceList BuiltIn => Embedded.Value;

    /// <summary>Reads a file of comma-separated values with the columns hardware, price (an hour), as_of and source, and, where they are
    /// not what follows, device_count (1), sku, provider, region, unit ("hour"), currency ("USD") and kind ("on-demand").</summary>
    /// <exception cref="PriceListException">It cannot be read, or a row makes no sense.</exception>
    public static PriceList Load(string path)
    {
        string[] lines;
        try
        {
            if (new FileInfo(path).Length > SizeLimitBytes)
                throw new PriceListException(path, $"it is larger than {SizeLimitBytes >> 20} MiB");
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PriceListException(path, exception.Message);
        }
        var header = lines.Length == 0 ? [] : DelimitedText.Split(lines[0], ',').ConvertAll(name => name.Trim().ToLowerInvariant());
        foreach (var required in (ReadOnlySpan<string>)["hardware", "price", "as_of", "source"])
            if (!header.Contains(required))
                throw new PriceListException(path, $"its first line has no column '{required}'");
        if (header.Find(name => !Columns.Contains(name)) is { } unknown)
            throw new PriceListException(path, $"its column '{unknown}' is none of {string.Join(", ", Columns)}");
        var prices = new List<HardwarePrice>();
        for (var i = 1; i < lines.Length; i++)
            if (lines[i].Length > 0)
                prices.Add(Read(path, i + 1, header, DelimitedText.Split(lines[i], ',')));
        var currencies = prices.Select(price => price.Currency).Distinct().ToArray();
        if (currencies.Length > 1)
            throw new PriceListException(path, $"it has prices in {string.Join(" and ", currencies)}, which cannot be compared");
        return new PriceList(path, prices);
    }

    /// <summary>The price by which so many devices of a platform are cheapest: of as many, or of a part of which some make the whole.</summary>
    /// <param name="hardware">A platform's name; of "8x NVIDIA H100 SXM" the name of one.</param>
    /// <returns>Null when the list has none: then there is no cost, rather than a cost of nothing.</returns>
    public HardwarePrice? Cheapest(string hardware, int deviceCount)
    {
        var key = HardwareCatalog.Key(Known(hardware));
        return Prices.Where(price => deviceCount % price.DeviceCount == 0 && HardwareCatalog.Key(Known(price.Hardware)) == key)
            .Order(Comparer<HardwarePrice>.Create(Compare)).FirstOrDefault();

        int Compare(HardwarePrice a, HardwarePrice b)
        {
            var order = a.PerHourOf(deviceCount).CompareTo(b.PerHourOf(deviceCount));
            order = order != 0 ? order : b.DeviceCount.CompareTo(a.DeviceCount);
            order = order != 0 ? order : string.CompareOrdinal(a.Provider, b.Provider);
            return order != 0 ? order : string.CompareOrdinal(a.Sku, b.Sku);
        }
    }

    /// <summary>What a million tokens or inferences cost: price · 1e6 / (3600 · throughput · utilisation).</summary>
    /// <param name="perSecond">Tokens or inferences.</param>
    /// <param name="utilisation">Share of the paid time in which the hardware has work, above 0 to 1.</param>
    public static double PerMillion(double pricePerHour, double perSecond, double utilisation) => pricePerHour * 1e6 / (3600 * perSecond * utilisation);

    private static string Known(string hardware) => HardwareCatalog.Find(hardware)?.Platform.Name ?? hardware;

    private static HardwarePrice Read(string path, int line, IReadOnlyList<string> header, List<string> fields)
    {
        if (fields.Count != header.Count)
            throw new PriceListException(path, $"line {line} has {fields.Count} values, not {header.Count}");
        string Text(string column, string otherwise)
        {
            for (var i = 0; i < header.Count; i++)
                if (header[i] == column && fields[i].Trim() is { Length: > 0 } text)
                    return text;
            return otherwise;
        }
        PriceListException Wrong(string what) => new(path, $"line {line}: {what}");
        var hardware = Text("hardware", "");
        if (hardware.Length == 0 || Text("source", "").Length == 0)
            throw Wrong("the hardware and the source of a price must be named");
        if (!double.TryParse(Text("price", ""), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price) || price is not (> 0 and < 1e9))
            throw Wrong($"'{Text("price", "")}' is no price above 0");
        if (!DateOnly.TryParseExact(Text("as_of", ""), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            throw Wrong($"'{Text("as_of", "")}' is no day such as 2026-08-15");
        if (!int.TryParse(Text("device_count", "1"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1)
            throw Wrong($"'{Text("device_count", "1")}' is no number of devices");
        if (Text("unit", "hour") is not "hour" and var unit)
            throw Wrong($"prices are for an hour, not for a '{unit}'");
        var kind = Text("kind", "on-demand");
        if (!Kinds.Contains(kind))
            throw Wrong($"'{kind}' is none of {string.Join(", ", Kinds)}");
        var currency = Text("currency", "USD").ToUpperInvariant();
        if (currency is not { Length: 3 } || !currency.All(char.IsAsciiLetterUpper))
            throw Wrong($"'{currency}' is no currency such as USD or EUR");
        return new HardwarePrice(hardware, count, Text("sku", hardware), Text("provider", "own"), Text("region", "") is { Length: > 0 } region ? region : null,
            price, currency, kind, day, Text("source", ""));
    }
}

/// <summary>A list of prices cannot be used.</summary>
public sealed class PriceListException(string path, string detail) : GpuxException(
    ErrorCode.PriceList,
    $"The prices in '{path}' cannot be used: {detail}.",
    "Write the line hardware,price,as_of,source and below it a line for each price, such as NVIDIA L4,0.71,2026-11-20,our invoice: the price is of an hour.")
{
    public string Path { get; } = path;
}
