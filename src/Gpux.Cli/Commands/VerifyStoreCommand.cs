using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models.Storage;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class VerifyStoreCommand : GpuxCommand
{
    public const string Summary = "Read every stored file again and compare it with its digest.";

    private readonly Argument<string[]> _models = StoreSelection.Argument();
    private readonly Option<bool> _repair = new("--repair") { Description = "Fetch again what is damaged or missing, and nothing else." };

    public VerifyStoreCommand(Services services)
        : base(services, "verify-store", Summary, "gpux verify-store", "gpux verify-store samples/language-id", "gpux verify-store --repair --json")
    {
        Add(_models);
        Add(_repair);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var repair = parsed.GetValue(_repair);
        var models = StoreSelection.Of(Services, parsed.GetValue(_models));
        var found = await new LibraryVerifier(Services.Library).VerifyAsync(models, repair, Terminal.Progress, cancellationToken);
        Terminal.Print(
            output => Write(output, found, repair),
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("whole", found.IsWhole);
                json.WriteNumber("files", found.Files.Count);
                json.WriteNumber("bytes", Bytes(found));
                json.WriteNumber("without_digest", found.Files.Count(file => file.State == FileState.Unknown));
                json.WriteStartArray("problems");
                foreach (var file in found.Files.Where(file => file.IsBad || file.WasRepaired))
                {
                    json.WriteStartObject();
                    json.WriteString("model", file.Model.Model.ToString());
                    json.WriteString("commit", file.Model.Commit);
                    json.WriteString("file", file.File.Path);
                    json.WriteString("path", file.Path);
                    json.WriteString("state", file.WasRepaired ? "repaired" : file.State.ToString().ToLowerInvariant());
                    json.WriteString("expected", file.Expected?.ToString());
                    json.WriteString("problem", file.Problem);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("variants");
                foreach (var (variant, problem) in found.Variants)
                {
                    json.WriteStartObject();
                    json.WriteString("model", variant.Model.Manifest.Model.ToString());
                    json.WriteString("folder", variant.Folder);
                    json.WriteString("problem", problem);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("unused");
                foreach (var remnant in found.Unused)
                    json.WriteStringValue(remnant.Path);
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return found.IsWhole ? ExitCode.Done : ExitCode.Failed;
    }

    private static long Bytes(LibraryVerification found) =>
        found.Files.Where(file => file.Path is not null).DistinctBy(file => file.Path).Sum(file => file.File.SizeBytes ?? 0);

    private void Write(TextWriter output, LibraryVerification found, bool repair)
    {
        foreach (var file in found.Files.Where(file => file.IsBad || file.WasRepaired))
        {
            var state = file.WasRepaired ? Terminal.Green("repaired") : Terminal.Red(file.State.ToString().ToLowerInvariant());
            output.WriteLine($"{state}  {file.Model.Model} {file.File.Path}{(file.Problem is { } problem ? $": {problem}" : "")}");
        }
        foreach (var (variant, problem) in found.Variants)
            output.WriteLine($"{Terminal.Red("variant")}  {variant.Model.Manifest.Model} {Path.GetFileName(variant.Folder)}: {problem}");
        if (found.Unused.Count > 0)
            output.WriteLine($"unused   {Plural.Of(found.Unused.Count, "file")}, {ByteSize.Format(found.Unused.Sum(file => file.Bytes))}: gpux prune deletes them");
        var unknown = found.Files.Count(file => file.State == FileState.Unknown);
        if (unknown > 0)
            output.WriteLine($"unknown  {Plural.Of(unknown, "file")} without a digest to compare with");
        var bad = found.Files.Count(file => file.IsBad);
        output.WriteLine($"{Plural.Of(found.Files.Count, "file")} of {Plural.Of(found.Files.Select(file => (file.Model.Model, file.Model.Commit)).Distinct().Count(), "model")}, "
            + $"{ByteSize.Format(Bytes(found))}: {(found.IsWhole ? Terminal.Green("whole") : $"{bad} damaged or missing")}");
        if (bad > 0 && !repair)
            output.WriteLine("To fetch these files again: gpux verify-store --repair");
    }
}
