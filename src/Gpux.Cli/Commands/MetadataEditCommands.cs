using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models.Detection;
using Gpux.Onnx.Metadata;

namespace Gpux.Cli.Commands;

/// <summary>What commands that change many files share: --recursive, --dry-run, a table at the end.</summary>
internal abstract class MetadataEditCommand : GpuxCommand
{
    private readonly Option<bool> _recursive = new("--recursive", "-r") { Description = "Every .onnx file below the folders that are named." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would change." };

    protected MetadataEditCommand(Services services, string name, string summary, params ReadOnlySpan<string> examples) : base(services, name, summary, examples)
    {
        Add(_recursive);
        Add(_dryRun);
    }

    /// <param name="named">Files or, with --recursive, folders.</param>
    protected async Task<int> EditAsync(ParseResult parsed, IReadOnlyList<string> named, MetadataEdit edit, CancellationToken cancellationToken)
    {
        var isDryRun = parsed.GetValue(_dryRun);
        var files = parsed.GetValue(_recursive) ? OnnxFilesBelow(named) : named;
        if (files.Count == 0)
            throw new UsageException("There is no ONNX file to change.", "Name files, or folders that hold some with --recursive.");
        var batch = await FileBatch.RunAsync(files, (path, _) => MetadataEditor.Edit(path, edit, isDryRun), cancellationToken);
        Terminal.Print(
            output =>
            {
                var table = new Table("file", "properties", "grown by", "result").AlignRight(1, 2);
                foreach (var (path, change, failure) in batch.Results)
                {
                    if (change is null)
                        table.Row(path, "", "", $"GPUX{(int)failure!.Code}"); // one of both
                    else
                        table.Row(path, $"{change.After.Count}", $"{change.AddedBytes} B", !change.IsChanged ? "unchanged" : isDryRun ? "would change" : "changed");
                }
                table.Write(Terminal, output);
            },
            json => batch.Write(json, change =>
            {
                json.WriteBoolean("changed", change.IsChanged && !isDryRun);
                json.WriteBoolean("would_change", change.IsChanged && isDryRun);
                json.WriteNumber("bytes_added", change.AddedBytes);
                OnnxFileReport.WriteMetadata(json, change.After);
            }));
        return batch.Finish(Terminal, "not changed");
    }

    private static IReadOnlyList<string> OnnxFilesBelow(IReadOnlyList<string> named)
    {
        var below = new EnumerationOptions { RecurseSubdirectories = true, MatchCasing = MatchCasing.CaseInsensitive, MaxRecursionDepth = 64 };
        return [.. named.SelectMany(path => Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*.onnx", below).Order(StringComparer.Ordinal) : (IEnumerable<string>)[path])];
    }
}

internal sealed class SetMetadataCommand : MetadataEditCommand
{
    private readonly Argument<string[]> _words = new("file or key=value")
    {
        Description = "ONNX files and properties, in any order. A file whose name has a '=' is written as ./name.", Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<string> _doc = new("--doc-string") { Description = "The file's text for people.", HelpName = "text" };
    private readonly Option<string> _producer = new("--producer-name") { Description = "The program that made the file.", HelpName = "name" };
    private readonly Option<string> _version = new("--producer-version") { Description = "That program's version.", HelpName = "version" };

    public SetMetadataCommand(Services services) : base(services, "set", "Add properties to files, or give them new values.",
        "gpux metadata set model.onnx hf_hub_id=org/name hf_hub_revision=main", "gpux metadata set *.onnx owner=me", "gpux metadata set --recursive models owner=me --dry-run")
    {
        Add(_words);
        Add(_doc);
        Add(_producer);
        Add(_version);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var word in parsed.GetRequiredValue(_words))
        {
            var equals = word.IndexOf('=');
            if (equals > 0 && !word.StartsWith("./", StringComparison.Ordinal) && !Path.IsPathRooted(word))
                pairs.Add(new(word[..equals], word[(equals + 1)..]));
            else
                files.Add(word);
        }
        var edit = new MetadataEdit { Set = pairs, DocString = parsed.GetValue(_doc), ProducerName = parsed.GetValue(_producer), ProducerVersion = parsed.GetValue(_version) };
        return pairs.Count > 0 || (edit.DocString ?? edit.ProducerName ?? edit.ProducerVersion) is not null ? EditAsync(parsed, files, edit, cancellationToken)
            : throw new UsageException("Nothing is to be set.", "Write properties as key=value, such as: gpux metadata set model.onnx owner=me");
    }
}

internal sealed class CopyMetadataCommand : MetadataEditCommand
{
    private readonly Argument<string> _from = new("from") { Description = "The file that has the properties." };
    private readonly Argument<string[]> _to = new("to") { Description = "The files that get them. Other properties that they have stay.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _prefix = new("--prefix") { Description = "Only properties whose name begins so, such as hf_." };

    public CopyMetadataCommand(Services services) : base(services, "copy", "Copy the properties of one file to others.",
        "gpux metadata copy model.onnx model-int8.onnx", "gpux metadata copy model.onnx --recursive variants --prefix hf_")
    {
        Add(_from);
        Add(_to);
        Add(_prefix);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var prefix = parsed.GetValue(_prefix) ?? "";
        var copied = OnnxOrigin.ReadMetadata(parsed.GetRequiredValue(_from)).Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal));
        return EditAsync(parsed, parsed.GetRequiredValue(_to), new MetadataEdit { Set = [.. copied] }, cancellationToken);
    }
}

internal sealed class ClearMetadataCommand : MetadataEditCommand
{
    private readonly Argument<string[]> _files = new("file") { Description = "ONNX files.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string> _prefix = new("--prefix") { Description = "Only properties whose name begins so, such as hf_; default: all." };

    public ClearMetadataCommand(Services services) : base(services, "clear", "Remove properties from files.",
        "gpux metadata clear model.onnx", "gpux metadata clear *.onnx --prefix hf_")
    {
        Add(_files);
        Add(_prefix);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        EditAsync(parsed, parsed.GetRequiredValue(_files), new MetadataEdit { RemovePrefix = parsed.GetValue(_prefix) ?? "" }, cancellationToken);
}
