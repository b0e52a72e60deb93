using System.CommandLine;
using Gpux.Benchmarks.Tables;
using Gpux.Models.Batches;

namespace Gpux.Cli.Commands;

/// <summary>Which columns of a file are the model's input.</summary>
internal sealed class RowOptions
{
    private readonly Option<string> _column = new("--column") { Description = "The column of the texts, or their name in JSON lines; default: the only one, or text." };
    private readonly Option<string> _pair = new("--pair-column") { Description = "The column of a second text that is read with the first: the pair, or the context of a question." };

    public void AddTo(Command command) => command.Add(_column);

    public void AddPairTo(Command command) => command.Add(_pair);

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_column) is not null || parsed.GetValue(_pair) is not null;

    /// <summary>The rows of a file, of which the options name the columns.</summary>
    public RowSource Open(string path, ParseResult parsed) => RowSource.Open(path, new RowColumns(parsed.GetValue(_column), parsed.GetValue(_pair)), ParquetRows.Open);
}
