using System.CommandLine;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

internal sealed class BackupCommand : GpuxCommand
{
    private const string Summary = "Copy the database beside itself.";

    private readonly Option<string> _path = DatabaseOptions.Path();

    public BackupCommand(Services services) : base(services, "backup", Summary, "gpux db backup") => Add(_path);

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var backup = Services.Backup(parsed.GetValue(_path), cancellationToken);
        var size = new FileInfo(backup).Length;
        Terminal.Print(
            output => output.WriteLine($"{backup}, {ByteSize.Format(size)}"),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("backup", backup);
                json.WriteNumber("bytes", size);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }
}
