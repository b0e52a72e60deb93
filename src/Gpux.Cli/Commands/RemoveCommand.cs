using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

internal sealed class RemoveCommand : GpuxCommand
{
    public const string Summary = "Delete a model from this machine: its files, and what was made of them.";

    private readonly Argument<string> _model = ModelArgument();

    public RemoveCommand(Services services) : base(services, "remove", Summary, "gpux remove samples/language-id", "gpux remove org/name@v1.0")
    {
        Aliases.Add("rm");
        Add(_model);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var store = Services.Library.Store;
        // A local folder itself is never touched.
        var matching = StoreSelection.Matching(store.List(), reference);
        foreach (var model in matching)
            await store.RemoveAsync(model.Manifest, cancellationToken);
        Print(matching);
        return ExitCode.Done;
    }

    private void Print(IReadOnlyList<StoredModel> removed) => Terminal.Print(
        output =>
        {
            foreach (var model in removed)
                output.WriteLine($"Removed {model.Manifest.Model} {model.Manifest.Commit[..12]}, {ByteSize.Format(model.SizeBytes)}.");
        },
        json =>
        {
            json.WriteStartArray();
            foreach (var model in removed)
            {
                json.WriteStartObject();
                json.WriteString("model", model.Manifest.Model.ToString());
                json.WriteString("commit", model.Manifest.Commit);
                json.WriteNumber("bytes", model.SizeBytes);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
}
