using Gpux.Conversion;
using Gpux.Registries;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Tests.Documents;

/// <summary>What GPUX supports, as a table for the README, from the catalogs that the program itself goes by.</summary>
internal static class SupportTable
{
    public const string Begin = "<!-- support:begin -->";
    public const string End = "<!-- support:end -->";

    public static string Write()
    {
        var table = new StringWriter { NewLine = "\n" };
        table.WriteLine("| | |");
        table.WriteLine("|---|---|");
        Row(table, "Registries", RegistryCatalog.All.Select(entry => $"{entry.Description} (`{entry.Name}:`)"));
        Row(table, "Tasks", PipelineCatalog.Tasks.Select(task => $"`{task}`"));
        var families = Converter.Supported.ToList();
        Row(table, $"{families.Count} families, [{families.Sum(family => family.Classes.Count)} classes and what proves them](docs/support.md)", families.Select(family => $"`{family.ModelType}`"));
        Row(table, "Image processors", ImageProcessor.SupportedTypes.Select(name => $"`{name}`"));
        Row(table, "Feature extractors of sounds", FeatureExtractor.SupportedTypes.Select(name => $"`{name}`"));
        return table.ToString();
    }

    private static void Row(StringWriter table, string what, IEnumerable<string> supported) =>
        table.WriteLine($"| {what} | {string.Join(", ", supported)} |");
}
