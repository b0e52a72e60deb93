using System.CommandLine;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Commands;

/// <summary>What is put before texts that are embedded.</summary>
internal sealed class PromptOptions
{
    private readonly Option<string> _prompt = new("--prompt") { Description = "A text that is put before each text to embed; default: the model's own." };
    private readonly Option<string> _name = new("--prompt-name") { Description = "The same by its name in the model's configuration, such as query." };

    public void AddTo(Command command)
    {
        command.Add(_prompt);
        command.Add(_name);
    }

    public void Set(PipelineArguments arguments, ParseResult parsed)
    {
        if (parsed.GetValue(_prompt) is { } prompt)
            arguments.Set("prompt", json => json.WriteStringValue(prompt));
        if (parsed.GetValue(_name) is { } name)
            arguments.Set("prompt_name", json => json.WriteStringValue(name));
    }
}
