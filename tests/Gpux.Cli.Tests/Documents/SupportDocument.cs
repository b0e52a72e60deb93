using System.Text.Json;
using Gpux.Conversion;

namespace Gpux.Cli.Tests.Documents;

/// <summary>Every class that is built, what it is for, and the recordings of the original that prove it.</summary>
internal static class SupportDocument
{
    public static string Write()
    {
        var recordings = Corpus.Cases("models").Select(Read).Where(recording => recording is not null)
            .GroupBy(recording => (recording!.Family, recording.Class)).ToDictionary(group => group.Key, group => group.Select(recording => recording!.Name).ToArray()); // filtered above
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
        return page.ToString();
    }

    private static void Row(StringWriter page, string family, string name, string task, string[] cases) =>
        page.WriteLine($"| `{family}` | `{name}` | {task} | {(cases.Length == 0 ? "none" : string.Join(", ", cases))} |");

    // Of a configuration without the name of its family nothing can be told.
    private static Case? Read(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Corpus.PathOf("models", name, "case.json")));
        return json.RootElement.TryGetProperty("model_type", out var family) && json.RootElement.TryGetProperty("class", out var type)
            && family.GetString() is { } familyName && type.GetString() is { } typeName ? new Case(name, familyName, typeName) : null;
    }

    private sealed record Case(string Name, string Family, string Class);
}
