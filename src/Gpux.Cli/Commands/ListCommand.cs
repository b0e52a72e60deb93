using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models.Precision;
using Gpux.Models.Storage;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class ListCommand : GpuxCommand
{
    public const string Summary = "List the models that are on this machine.";

    public ListCommand(Services services) : base(services, "list", Summary, "gpux list", "gpux list --json") => Aliases.Add("ls");

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var models = Services.Library.Store.List().Where(model => model.SizeBytes > 0)
            .Select(model => (Model: model, Variants: StoredVariant.Of(model).Where(variant => variant.Variant is not null).ToArray())).ToArray();
        Terminal.Print(
            output =>
            {
                if (models.Length == 0)
                {
                    output.WriteLine("No models yet. Try: gpux run samples/language-id \"Où est la gare ?\"");
                    return;
                }
                var table = new Table("model", "commit", "task", "size", "variants", "last used").AlignRight(3);
                foreach (var (model, variants) in models)
                    table.Row(Shown(model), model.Manifest.Commit[..12], Task(variants) ?? "", ByteSize.Format(model.SizeBytes),
                        string.Join(", ", variants.GroupBy(variant => variant.Title).Select(made => made.Count() == 1 ? made.Key : $"{made.Count()} {made.Key}")),
                        Age.Format(DateTimeOffset.UtcNow - model.LastUsed));
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var (model, variants) in models)
                {
                    json.WriteStartObject();
                    json.WriteString("model", model.Manifest.Model.ToString());
                    json.WriteString("commit", model.Manifest.Commit);
                    json.WriteStartArray("revisions");
                    foreach (var revision in model.Revisions.Order(StringComparer.Ordinal))
                        json.WriteStringValue(revision);
                    json.WriteEndArray();
                    json.WriteString("task", Task(variants));
                    json.WriteNumber("bytes", model.SizeBytes);
                    json.WriteString("licence", model.Manifest.Licence);
                    json.WriteString("last_used", model.LastUsed.UtcDateTime);
                    json.WriteString("folder", model.Folder);
                    json.WriteStartArray("variants");
                    foreach (var variant in variants)
                    {
                        json.WriteStartObject();
                        json.WriteString("name", Path.GetFileName(variant.Folder));
                        json.WriteString("target", variant.Target);
                        json.WriteString("precision", PrecisionNames.Of(variant.Variant?.Precision ?? default));
                        json.WriteString("class", variant.Variant?.ClassName);
                        json.WriteBoolean("current", variant.State == VariantState.Usable);
                        if (PrecisionProof.Read(variant.Folder) is { } proof)
                        {
                            json.WritePropertyName("proof");
                            proof.WriteTo(json);
                        }
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return System.Threading.Tasks.Task.FromResult(ExitCode.Done);
    }

    // The default revision goes without saying.
    private static string Shown(StoredModel model) => model.Manifest.Model.ToString()
        + (model.Revisions.Where(revision => revision.Length > 0 && revision != model.Manifest.Commit).Order(StringComparer.Ordinal).FirstOrDefault() is { } named
            && !model.Revisions.Contains("") ? $"@{named}" : "");

    private static string? Task(StoredVariant[] variants) => variants.Select(variant => variant.Variant?.Task).FirstOrDefault();
}
