using System.CommandLine;
using System.Text;
using Gpux.Cli.Commands;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Tests.Commands;

public sealed class HelpExampleTests
{
    [Fact]
    public void Examples_of_every_command_are_correct_usage()
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        using var services = new Services(terminal);
        var root = Application.Build(services, []);
        var commands = All(root).OfType<GpuxCommand>().ToArray();
        Assert.True(commands.Length > 60, $"{commands.Length} commands");
        foreach (var command in commands.Where(command => !command.Hidden))
        {
            Assert.NotEmpty(command.Examples);
            foreach (var example in command.Examples)
            {
                var words = Words(example);
                Assert.Equal("gpux", words[0]);
                var parsed = root.Parse(words[1..], Application.Parsing);
                Assert.True(parsed.Errors.Count == 0 && parsed.UnmatchedTokens.Count == 0, $"{example}: {string.Join("; ", parsed.Errors.Select(error => error.Message))}");
                Assert.Same(command, parsed.CommandResult.Command);
            }
        }
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    // As a shell splits them; what it redirects, and the programs before and behind, are not ours.
    private static string[] Words(string line)
    {
        List<string> words = [];
        var word = new StringBuilder();
        var (quote, isWord) = ('\0', false);
        foreach (var letter in line + " ")
        {
            if (quote != '\0')
            {
                if (letter == quote)
                    quote = '\0';
                else
                    word.Append(letter);
            }
            else if (letter is '\'' or '"')
            {
                (quote, isWord) = (letter, true);
            }
            else if (letter == '|' && words is not ["gpux", ..])
            {
                words.Clear();
            }
            else if (letter is '>' or '<' or '|')
            {
                break;
            }
            else if (letter != ' ')
            {
                word.Append(letter);
                isWord = true;
            }
            else if (isWord)
            {
                words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
        }
        return [.. words];
    }
}
