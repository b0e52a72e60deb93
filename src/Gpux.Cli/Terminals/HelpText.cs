using System.CommandLine;
using System.CommandLine.Invocation;
using Gpux.Cli.Commands;

namespace Gpux.Cli.Terminals;

/// <summary>Prints what a command does, takes and looks like in use.</summary>
internal sealed class HelpText(Terminal terminal) : SynchronousCommandLineAction
{
    private const string Program = "gpux";
    private const int FirstColumn = 26;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var output = terminal.Output;
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine($"{terminal.Bold("Usage:")} {Usage(command)}");
        Section("Commands:", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description)));
        Section("Arguments:", command.Arguments.Select(argument => (argument.Name, argument.Description)));
        Section("Options:", AllOptions(command).Select(option => (Names(option), option.Description)));
        if (command is GpuxCommand { Examples.Count: > 0 } withExamples)
        {
            output.WriteLine();
            output.WriteLine(terminal.Bold("Examples:"));
            foreach (var example in withExamples.Examples)
                output.WriteLine($"  {example}");
        }
        if (command is RootCommand)
        {
            output.WriteLine();
            output.WriteLine($"See {Program} COMMAND --help for what a command takes.");
        }
        output.Flush();
        return ExitCode.Done;
    }

    private static string Usage(Command command)
    {
        if (command is RootCommand)
            return $"{Program} COMMAND [options]";
        var words = new List<string> { Program };
        words.AddRange(command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Select(parent => parent.Name));
        words.Add(command.Name);
        foreach (var argument in command.Arguments)
        {
            var name = argument.Name.ToUpperInvariant();
            words.Add(argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name);
        }
        words.Add("[options]");
        return string.Join(' ', words);
    }

    private static IEnumerable<Option> AllOptions(Command command) => command.Options
        .Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive)))
        .Where(option => !option.Hidden).DistinctBy(option => option.Name);

    private static string Names(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).Where(name => name is not ("-?" or "/?" or "/h"))
            .Order(Comparer<string>.Create((a, b) => a.Length - b.Length)));
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? names : $"{names} {ValueName(option)}";
    }

    private static string ValueName(Option option) => (option.HelpName ?? option.Name.TrimStart('-')).ToUpperInvariant();

    private void Section(string heading, IEnumerable<(string Name, string? Description)> entries)
    {
        var isFirst = true;
        foreach (var (name, description) in entries)
        {
            if (isFirst)
            {
                terminal.Output.WriteLine();
                terminal.Output.WriteLine(terminal.Bold(heading));
                isFirst = false;
            }
            // A long name has a line of its own.
            if (name.Length > FirstColumn - 2)
                terminal.Output.WriteLine($"  {name}\n  {"".PadRight(FirstColumn)}{description}");
            else
                terminal.Output.WriteLine($"  {name.PadRight(FirstColumn)}{description}");
        }
    }
}
