using System.CommandLine;

namespace Gpux.Cli.Commands;

internal sealed class CompletionCommand : GpuxCommand
{
    public const string Summary = "Print a script that completes commands and options in a shell.";

    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh, fish or powershell." };

    public CompletionCommand(Services services)
        : base(services, "completion", Summary, "gpux completion bash", "gpux completion zsh > ~/.zfunc/_gpux", "gpux completion fish --json")
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "powershell");
        Add(_shell);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var shell = parsed.GetRequiredValue(_shell);
        var script = shell switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            "fish" => Fish,
            _ => PowerShell,
        };
        Terminal.Print(
            output => output.Write(script),
            json =>
            {
                json.WriteStartObject();
                json.WriteString("shell", shell);
                json.WriteString("script", script);
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }

    // Each asks the program itself, which answers "[suggest:POSITION] LINE" with one candidate a line.
    private const string Bash = """
        # gpux completion bash. Load it with: source <(gpux completion bash)
        _gpux() {
          local line="${COMP_LINE#* }" offset=$(( COMP_POINT - ${#COMP_WORDS[0]} - 1 ))
          [ "$offset" -lt 0 ] && offset=0
          local IFS=$'\n'
          COMPREPLY=( $(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$offset]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
          [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=( $(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o filenames -F _gpux gpux

        """;
    private const string Zsh = """
        #compdef gpux
        # gpux completion zsh. Put it into a folder of $fpath as _gpux.
        _gpux() {
          local line="${BUFFER#* }"
          local -a candidates
          candidates=( ${(f)"$("${words[1]}" "[suggest:$(( CURSOR - ${#words[1]} - 1 ))]" "$line" 2>/dev/null)"} )
          (( ${#candidates} )) && compadd -a candidates || _files
        }
        compdef _gpux gpux

        """;
    private const string Fish = """
        # gpux completion fish. Put it into ~/.config/fish/completions/gpux.fish.
        function __gpux_candidates
          set -l line (string replace -r '^\S+\s?' '' -- (commandline -cp))
          gpux "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c gpux -a '(__gpux_candidates)'

        """;
    private const string PowerShell = """
        # gpux completion powershell. Add it to $PROFILE.
        Register-ArgumentCompleter -Native -CommandName gpux -ScriptBlock {
          param($word, $ast, $position)
          $line = $ast.ToString() -replace '^\S+\s?', ''
          gpux "[suggest:$([Math]::Max(0, $position - $ast.CommandElements[0].Extent.Text.Length - 1))]" $line 2>$null | Where-Object { $_ -like "$word*" } |
            ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;
}
