using System.Text.Json;
using Gpux.Conversion;

namespace Gpux.Cli.Tests.Documents;

/// <summary>Every class that is built, what it is for, and the recordings of the original that prove it.</summary>
internal static class SupportDocument
{
    public static string Write()
    {
        var recordings = Corpus.Cases("models").SelectMany(Proven).GroupBy(proof => (proof.Family, proof.Class)).ToDictionary(group => group.Key, group => group.Select(proof => proof.Recording).ToArray());
        var page = new StringWriter { NewLine = "\n" };
        page.WriteLine("# What is built, and what proves it");
        page.WriteLine();
        page.WriteLine("Made by the tests from the program's own catalogs (`GPUX_UPDATE_DOCS=1 ./test.sh`). A recording is what the original framework computed;");
        page.WriteLine("[`gpux verify`](guides/verify.md) compares with it. A class without one is built like its kin, and unproven.");
        page.WriteLine();
        page.WriteLine("| Family | Class | Task | Recordings |");
        page.WriteLine("|---|---|---|---|");
        foreach (var (family, name, task) in Converter.SupportedClasses)
            Row(page, family, name, task, recordings.GetValueOrDefault((family, name), []));
        page.WriteLine();
        page.WriteLine("Sentence encoders and cross-encoders are made of these classes:");
        page.WriteLine();
        page.WriteLine("| Family | Of sentence-transformers | Task | Recordings |");
        page.WriteLine("|---|---|---|---|");
        foreach (var ((family, name), cases) in recordings.Where(entry => entry.Key.Class is "SentenceTransformer" or "CrossEncoder").OrderBy(entry => entry.Key))
            Row(page, family, name, name == "CrossEncoder" ? "text-ranking" : "sentence-similarity", cases);
        page.WriteLine();
        page.WriteLine("`timm_wrapper` stands for these architectures of timm, which config.json names:");
        page.WriteLine(string.Join(", ", Converter.SupportedTimmArchitectures.Order(StringComparer.Ordinal).Select(name => $"`{name}`")) + ".");
        return page.ToString();
    }

    private static void Row(StringWriter page, string family, string name, string task, string[] cases) =>
        page.WriteLine($"| `{family}` | `{name}` | {task} | {(cases.Length == 0 ? "none" : string.Join(", ", cases))} |");

    // The class of a recording, and the methods that it calls. Of one that is not built nothing is proven; that the others are equal to it is
    // what the conformance tests say.
    private static IEnumerable<Proof> Proven(string recording)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Corpus.PathOf("models", recording, "case.json")));
        var root = json.RootElement;
        var name = root.TryGetProperty("class", out var type) ? type.GetString() : null;
        ConversionPlan plan;
        try
        {
            plan = Converter.Plan(ModelFiles.InFolder(Corpus.PathOf("models", recording, "repo")),
                new ConversionOptions(ClassName: name, Arguments: root.TryGetProperty("arguments", out var arguments) ? arguments.GetRawText() : null));
        }
        catch (GpuxException)
        {
            yield break;
        }
        if (name is "SentenceTransformer" or "CrossEncoder")
        {
            yield return new Proof(recording, root.GetProperty("model_type").GetString()!, name); // written by the recorder
            yield break;
        }
        var methods = root.GetProperty("runs").EnumerateArray().Select(run => run.TryGetProperty("method", out var method) ? method.GetString() : null).Distinct();
        foreach (var method in methods)
            yield return new Proof(recording, plan.ModelType, method is null ? plan.ClassName : $"{plan.ClassName}.{method}");
    }

    private sealed record Proof(string Recording, string Family, string Class);
}
