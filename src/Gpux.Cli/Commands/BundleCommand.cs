using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Models.Pulling;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.Registries.Store.Bundles;

namespace Gpux.Cli.Commands;

/// <summary>What bundles are for; its subcommands do it.</summary>
internal sealed class BundleCommand : Command
{
    public const string Summary = "Carry models in one file to a machine without a network.";

    public BundleCommand(Services services) : base("bundle", Summary)
    {
        Add(new BundleExportCommand(services));
        Add(new BundleImportCommand(services));
        Add(new BundleVerifyCommand(services));
        Add(new BundleListCommand(services));
    }

    internal static Argument<string> FileArgument() => new("file") { Description = "A bundle, such as models.gpuxbundle." };
}

internal sealed class BundleExportCommand : GpuxCommand
{
    private readonly Argument<string[]> _models = new("model") { Description = "Models, fetched first where they are not here.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The file to write; default: models.gpuxbundle.", HelpName = "file" };

    public BundleExportCommand(Services services) : base(services, "export", "Write models into one file.",
        "gpux bundle export samples/language-id -o models.gpuxbundle", "gpux bundle export org/one org/two@v1.0 --json")
    {
        Aliases.Add("create");
        Add(_models);
        Add(_output);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetValue(_output) ?? "models.gpuxbundle";
        var library = Services.Library;
        var models = new List<(StoredModel Model, string? Revision)>();
        foreach (var name in parsed.GetRequiredValue(_models))
        {
            var reference = Services.Reference(name);
            if (reference.Registry == ModelReference.Local)
                throw new NotPublishedException(reference.Name);
            // With all that a run needs, so that it needs no network there; of what cannot be run, what a pull fetches.
            var resolved = (await library.PullAsync(reference, PullOptions.Default, new PrepareOptions(Lookup.PreferStore), Terminal.Progress, cancellationToken)).Plan.Resolved;
            library.Store.Record(resolved);
            models.Add((library.Store.List().First(model => model.Folder == library.Store.FolderOf(resolved.Manifest)), reference.Revision));
        }
        var bundled = await new BundleWriter(library.Store).WriteAsync(path, [.. models.DistinctBy(model => model.Model.Folder)], ModelLibrary.Version, Terminal.Progress, cancellationToken);
        var bytes = new FileInfo(path).Length;
        Terminal.Print(
            output => output.WriteLine($"{Terminal.Bold(path)}  {Plural.Of(bundled.Count, "model")}, "
                + $"{Plural.Of(bundled.Sum(model => model.Files.Count), "file")}, {ByteSize.Format(bytes)}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("file", Path.GetFullPath(path));
                json.WriteNumber("bytes", bytes);
                BundleListCommand.Write(json, bundled);
                json.WriteEndObject();
            });
        return ExitCode.Done;
    }
}

internal sealed class BundleImportCommand : GpuxCommand
{
    private readonly Argument<string> _file = BundleCommand.FileArgument();

    public BundleImportCommand(Services services)
        : base(services, "import", "Bring the models of a bundle here: each file is verified, and skipped if it is here.", "gpux bundle import models.gpuxbundle") => Add(_file);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(_file);
        using var bundle = BundleReader.Open(path);
        using var environment = new RegistryEnvironment();
        var imported = await new BundleImporter(environment).ImportAsync(bundle, Terminal.Progress, cancellationToken);
        Terminal.Print(
            output =>
            {
                foreach (var model in imported)
                    output.WriteLine($"{Terminal.Bold(model.Manifest.Model.ToString())}  {model.Manifest.Commit[..12]}  {Plural.Of(model.Files, "file")}, {ByteSize.Format(model.SizeBytes)}");
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var model in imported)
                {
                    json.WriteStartObject();
                    json.WriteString("model", model.Manifest.Model.ToString());
                    json.WriteString("commit", model.Manifest.Commit);
                    json.WriteNumber("files", model.Files);
                    json.WriteNumber("bytes", model.SizeBytes);
                    json.WriteStartArray("missing");
                    foreach (var missing in model.Missing)
                        json.WriteStringValue(missing);
                    json.WriteEndArray();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        var cut = imported.SelectMany(model => model.Missing.Select(file => $"{file} of {model.Manifest.Model}")).ToArray();
        return cut.Length == 0 ? ExitCode.Done : throw new BundleIncompleteException(path, cut);
    }
}

internal sealed class BundleVerifyCommand : GpuxCommand
{
    private readonly Argument<string> _file = BundleCommand.FileArgument();

    public BundleVerifyCommand(Services services) : base(services, "verify", "Compare every byte of a bundle with its index.", "gpux bundle verify models.gpuxbundle") => Add(_file);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var bundle = BundleReader.Open(parsed.GetRequiredValue(_file));
        var damaged = await bundle.VerifyAsync(Terminal.Progress, cancellationToken);
        var whole = damaged.Count == 0 && bundle.IsComplete;
        Terminal.Print(
            output =>
            {
                foreach (var (model, file) in damaged)
                    output.WriteLine($"{Terminal.Red(bundle.Has(file) ? "damaged" : "missing")}  {file.Path} of {model.Manifest.Model}");
                output.WriteLine($"{Plural.Of(bundle.Models.Sum(model => model.Files.Count), "file")} of {Plural.Of(bundle.Models.Count, "model")}: "
                    + (whole ? Terminal.Green("whole") : damaged.Count > 0 ? $"{damaged.Count} damaged or missing" : "its end is missing"));
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("whole", whole);
                json.WriteStartArray("damaged");
                foreach (var (model, file) in damaged)
                {
                    json.WriteStartObject();
                    json.WriteString("model", model.Manifest.Model.ToString());
                    json.WriteString("file", file.Path);
                    json.WriteBoolean("missing", !bundle.Has(file));
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return whole ? ExitCode.Done : ExitCode.Failed;
    }
}

internal sealed class BundleListCommand : GpuxCommand
{
    private readonly Argument<string> _file = BundleCommand.FileArgument();

    public BundleListCommand(Services services) : base(services, "list", "Show what a bundle holds.", "gpux bundle list models.gpuxbundle") => Add(_file);

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var bundle = BundleReader.Open(parsed.GetRequiredValue(_file));
        Terminal.Print(
            output =>
            {
                var table = new Table("model", "commit", "files", "size").AlignRight(2, 3);
                foreach (var model in bundle.Models)
                    table.Row(model.Manifest.Model.ToString(), model.Manifest.Commit[..12], $"{model.Files.Count}", ByteSize.Format(model.Files.Sum(file => file.SizeBytes)));
                table.Write(Terminal, output);
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("complete", bundle.IsComplete);
                Write(json, bundle.Models);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }

    internal static void Write(System.Text.Json.Utf8JsonWriter json, IReadOnlyList<BundledModel> models)
    {
        json.WriteStartArray("models");
        foreach (var model in models)
        {
            json.WriteStartObject();
            json.WriteString("model", model.Manifest.Model.ToString());
            json.WriteString("commit", model.Manifest.Commit);
            json.WriteStartArray("files");
            foreach (var file in model.Files)
            {
                json.WriteStartObject();
                json.WriteString("path", file.Path);
                json.WriteNumber("bytes", file.SizeBytes);
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
