using System.CommandLine;
using System.Text;
using Gpux.Cli.Terminals;
using Gpux.Models.Detection;

namespace Gpux.Cli.Commands;

/// <summary>What ONNX files say of themselves: shown, and changed without touching weights.</summary>
internal sealed class MetadataCommand : Command
{
    public const string Summary = "Show or change what ONNX files say of themselves, in place.";

    public MetadataCommand(Services services) : base("metadata", Summary)
    {
        Add(new ShowMetadataCommand(services));
        Add(new SetMetadataCommand(services));
        Add(new CopyMetadataCommand(services));
        Add(new ClearMetadataCommand(services));
        Add(new MetadataSchemaCommand(services));
    }
}

internal sealed class ShowMetadataCommand : GpuxCommand
{
    private readonly Argument<string[]> _files = new("file") { Description = "ONNX files.", Arity = ArgumentArity.OneOrMore };

    public ShowMetadataCommand(Services services)
        : base(services, "show", "Print the metadata of files, whole.", "gpux metadata show model.onnx", "gpux metadata show *.onnx --json") => Add(_files);

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var batch = await FileBatch.RunAsync(parsed.GetRequiredValue(_files), (path, _) => OnnxOrigin.ReadMetadata(path), cancellationToken);
        Terminal.Print(
            output =>
            {
                foreach (var (path, metadata, _) in batch.Results)
                {
                    if (batch.Results.Count > 1 && metadata is not null)
                        output.WriteLine(Terminal.Bold(path));
                    OnnxFileReport.WriteMetadata(output, Terminal, metadata ?? []);
                }
            },
            json => batch.Write(json, metadata => OnnxFileReport.WriteMetadata(json, metadata)));
        return batch.Finish(Terminal, "not read");
    }
}

internal sealed class MetadataSchemaCommand(Services services)
    : GpuxCommand(services, "schema", "Print the JSON Schema of the metadata that GPUX writes.", "gpux metadata schema")
{
    private const string Resource = "onnx-metadata.schema.json";

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var stream = typeof(MetadataSchemaCommand).Assembly.GetManifestResourceStream(Resource)!; // built in
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var schema = reader.ReadToEnd();
        // It is JSON as it is.
        Terminal.Print(output => output.Write(schema), json => json.WriteRawValue(schema));
        return Task.FromResult(ExitCode.Done);
    }
}
