using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Models.Storage;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class DfCommand(Services services) : GpuxCommand(services, "df", Summary, "gpux df", "gpux df --json")
{
    public const string Summary = "Show what the models take of the disk.";
    private const int BarCells = 20;

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var survey = StoreSurvey.Of(Services.Library.Store, cancellationToken);
        var registries = survey.Models.GroupBy(model => model.Manifest.Model.Registry).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Name: group.Key, Models: group.ToArray(), Bytes: survey.BytesOf([.. group]))).ToArray();
        var embeddings = StoredEmbeddings.Of(Services.Library.EmbeddingsFolder);
        var embeddingBytes = embeddings.Sum(file => file.Bytes);
        var total = survey.TotalBytes + embeddingBytes;
        Terminal.Print(
            output =>
            {
                if (survey.Models.Count > 0)
                    WriteModels(survey, output);
                var table = new Table("where", "models", "files", "size", "").AlignRight(1, 2, 3);
                foreach (var (name, models, bytes) in registries)
                    table.Row(name, $"{models.Length}", $"{models.Sum(model => model.FileCount)}", ByteSize.Format(bytes), Bar(bytes, total));
                foreach (var (kind, count, bytes) in Remnants(survey))
                    table.Row(kind, "", $"{count}", ByteSize.Format(bytes), Bar(bytes, total));
                if (embeddings.Count > 0)
                    table.Row("embeddings of files", "", $"{embeddings.Count}", ByteSize.Format(embeddingBytes), Bar(embeddingBytes, total));
                if (survey.ElsewhereBytes > 0)
                    table.Row(Terminal.Dim("elsewhere"), "", "", Terminal.Dim(ByteSize.Format(survey.ElsewhereBytes)), Terminal.Dim("in caches of other tools, not counted"));
                table.Row("all, each file once", $"{survey.Models.Count}", "", ByteSize.Format(total), "");
                table.Write(Terminal, output);
            },
            json => Write(json, survey, registries, embeddings.Count, embeddingBytes));
        return Task.FromResult(ExitCode.Done);
    }

    private void WriteModels(StoreSurvey survey, TextWriter output)
    {
        var table = new Table("model", "commit", "files", "shared", "variants", "size", "").AlignRight(2, 3, 4, 5);
        foreach (var model in survey.Models.OrderByDescending(model => model.FileBytes + model.MadeBytes))
        {
            var bytes = model.FileBytes + model.MadeBytes;
            table.Row(model.Manifest.Model.ToString(), model.Manifest.Commit[..Math.Min(12, model.Manifest.Commit.Length)], $"{model.FileCount}",
                model.SharedBytes == 0 ? "" : ByteSize.Format(model.SharedBytes), model.Variants.Count == 0 ? "" : ByteSize.Format(model.Variants.Sum(variant => variant.Bytes)),
                ByteSize.Format(bytes), Bar(bytes, survey.TotalBytes));
        }
        table.Write(Terminal, output);
        output.WriteLine();
    }

    private static IEnumerable<(string Kind, int Count, long Bytes)> Remnants(StoreSurvey survey) =>
        from remnant in survey.Remnants
        where remnant.Kind is RemnantKind.PartialDownload or RemnantKind.UnusedFile
        group remnant by remnant.Kind into kind
        orderby kind.Key
        select (kind.Key == RemnantKind.PartialDownload ? "partial downloads" : "unused files", kind.Count(), kind.Sum(remnant => remnant.Bytes));

    private string Bar(long bytes, long total) =>
        total == 0 ? "" : Terminal.Cyan(new string('█', (int)Math.Round((double)bytes / total * BarCells)));

    private static void Write(Utf8JsonWriter json, StoreSurvey survey, IEnumerable<(string Name, SurveyedModel[] Models, long Bytes)> registries, int embeddings, long embeddingBytes)
    {
        json.WriteStartObject();
        json.WriteNumber("bytes", survey.TotalBytes + embeddingBytes);
        json.WriteNumber("elsewhere_bytes", survey.ElsewhereBytes);
        json.WriteStartArray("registries");
        foreach (var (name, models, bytes) in registries)
        {
            json.WriteStartObject();
            json.WriteString("registry", name);
            json.WriteNumber("models", models.Length);
            json.WriteNumber("bytes", bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("models");
        foreach (var model in survey.Models)
        {
            json.WriteStartObject();
            json.WriteString("model", model.Manifest.Model.ToString());
            json.WriteString("commit", model.Manifest.Commit);
            json.WriteBoolean("pulled", model.Folder is not null);
            json.WriteNumber("files", model.FileCount);
            json.WriteNumber("file_bytes", model.FileBytes);
            json.WriteNumber("shared_bytes", model.SharedBytes);
            json.WriteNumber("elsewhere_bytes", model.ElsewhereBytes);
            json.WriteNumber("made_bytes", model.MadeBytes);
            json.WriteNumber("variants", model.Variants.Count);
            json.WriteNumber("variant_bytes", model.Variants.Sum(variant => variant.Bytes));
            json.WriteString("last_used", model.LastUsed.UtcDateTime);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("remnants");
        foreach (var (kind, count, bytes) in Remnants(survey))
        {
            json.WriteStartObject(kind.Replace(' ', '_'));
            json.WriteNumber("files", count);
            json.WriteNumber("bytes", bytes);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteStartObject("embeddings");
        json.WriteNumber("files", embeddings);
        json.WriteNumber("bytes", embeddingBytes);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
