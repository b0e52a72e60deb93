using System.CommandLine;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class LinkTestsCommand : GpuxCommand
{
    private const string Summary = "Say which version of a model results are of.";

    private readonly Option<string> _model = ModelVersionOptions.Model();
    private readonly Option<string> _version = ModelVersionOptions.Version("--version");
    private readonly Option<string[]> _ids = new("--result-ids")
    {
        Description = "Numbers of results, with commas: see gpux db list.", Required = true, HelpName = "ids", AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _relink = new("--relink") { Description = "Move results that are linked to another version." };
    private readonly Option<string> _path = DatabaseOptions.Path();

    public LinkTestsCommand(Services services) : base(services, "link-tests", Summary,
        "gpux db link-tests --model \"bert-base-uncased\" --version \"v1.0.0\" --result-ids \"1,2,3,4\"")
    {
        Add(_model);
        Add(_version);
        Add(_ids);
        Add(_relink);
        Add(_path);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var ids = ModelVersionOptions.ReadIds(_ids.Name, parsed.GetRequiredValue(_ids));
        using var store = Services.Open(parsed.GetValue(_path), cancellationToken);
        var linked = ModelVersionOptions.Integration(Services, store)
            .LinkTestResults(parsed.GetRequiredValue(_model), parsed.GetRequiredValue(_version), ids, parsed.GetValue(_relink), cancellationToken);
        if (linked.IsNewVersion)
            Terminal.Note($"{TerminalText.Safe(linked.VersionTag)} is a new version of {TerminalText.Safe(linked.Model)}. Say where it comes from: gpux db add-version.");
        Terminal.Print(
            output =>
            {
                output.WriteLine($"{Plural.Of(linked.Linked.Count + linked.Relinked.Count, "result")} linked to {TerminalText.Safe(linked.Model)} {TerminalText.Safe(linked.VersionTag)}"
                    + (linked.Relinked.Count > 0 ? $", {linked.Relinked.Count} of them from another version" : "")
                    + (linked.UnchangedCount > 0 ? $"; {linked.UnchangedCount} were so already." : "."));
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("model", linked.Model);
                json.WriteString("version", linked.VersionTag);
                json.WriteBoolean("new_version", linked.IsNewVersion);
                Write("linked", linked.Linked);
                Write("relinked", linked.Relinked);
                json.WriteNumber("unchanged", linked.UnchangedCount);
                json.WriteEndObject();

                void Write(string name, IReadOnlyList<long> numbers)
                {
                    json.WriteStartArray(name);
                    foreach (var number in numbers)
                        json.WriteNumberValue(number);
                    json.WriteEndArray();
                }
            });
        return Task.FromResult(ExitCode.Done);
    }
}
