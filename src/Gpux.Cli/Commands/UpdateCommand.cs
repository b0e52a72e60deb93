using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Models.Updates;

namespace Gpux.Cli.Commands;

internal sealed class UpdateCommand : GpuxCommand
{
    public const string Summary = "Fetch the newest commit of models that are here, and convert it as the former one was.";

    private readonly Argument<string[]> _models = StoreSelection.Argument();
    private readonly Option<bool> _all = new("--all") { Description = "Every model that has a newer commit." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would be fetched." };
    private readonly Option<bool> _pruneOld = new("--prune-old") { Description = "Delete the former commit when the new one is ready." };

    public UpdateCommand(Services services) : base(services, "update", Summary, "gpux update org/name", "gpux update --all --dry-run", "gpux update --all --prune-old")
    {
        Add(_models);
        foreach (var option in (Option[])[_all, _dryRun, _pruneOld])
            Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var named = StoreSelection.Of(Services, parsed.GetValue(_models));
        if (named is null == !parsed.GetValue(_all))
            throw new UsageException(named is null ? "No model is named." : "There are models and --all.", "Name models, or write --all: gpux update --all.");
        var updater = new ModelUpdater(Services.Library, TimeProvider.System);
        var checks = await updater.CheckAsync(named ?? Services.Library.Store.List(), cancellationToken);
        var results = new List<(UpdateCheck Check, GpuxException? Failure)>();
        foreach (var check in checks.Where(check => check.IsOutdated || check.Failure is not null))
            results.Add((check, check.Failure ?? await UpdateAsync(updater, check, parsed, cancellationToken)));
        foreach (var (check, failure) in results.Where(result => result.Failure is not null))
            Terminal.Note($"{check.Asked}: {failure!.Message}"); // filtered so
        Terminal.Print(
            output =>
            {
                var done = results.Where(result => result.Failure is null).Select(result => result.Check).ToArray();
                foreach (var check in done)
                    output.WriteLine($"{check.Asked}  {check.Current.Manifest.Commit[..12]} -> {check.Latest!.Commit[..12]}  {ByteSize.Format(check.FetchBytes)}"); // it was told
                output.WriteLine(done.Length == 0 ? "Nothing to update." : parsed.GetValue(_dryRun) ? $"Would update {done.Length}." : $"Updated {done.Length}.");
            },
            json =>
            {
                json.WriteStartArray();
                foreach (var (check, failure) in results)
                {
                    json.WriteStartObject();
                    json.WriteString("model", check.Asked.ToString());
                    json.WriteString("from", check.Current.Manifest.Commit);
                    json.WriteString("to", check.Latest?.Commit);
                    json.WriteNumber("fetch_bytes", check.FetchBytes);
                    json.WriteBoolean("updated", failure is null && !parsed.GetValue(_dryRun));
                    json.WriteString("failure", failure?.Message);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
        return results.Exists(result => result.Failure is not null) ? ExitCode.Failed : ExitCode.Done;
    }

    private async Task<GpuxException?> UpdateAsync(ModelUpdater updater, UpdateCheck check, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_dryRun))
            return null;
        try
        {
            await updater.UpdateAsync(check, parsed.GetValue(_pruneOld), Terminal.Progress, cancellationToken);
            return null;
        }
        catch (GpuxException failure)
        {
            return failure; // The others are updated all the same.
        }
    }
}
