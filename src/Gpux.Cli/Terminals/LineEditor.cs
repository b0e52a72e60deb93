using System.Text;

namespace Gpux.Cli.Terminals;

/// <summary>Reads lines that a person types, with the earlier ones at hand: arrows, Home, End, Ctrl-A, E, U, K, W.</summary>
/// <remarks>The history is kept in the user's state folder (XDG_STATE_HOME) between runs.</remarks>
internal sealed class LineEditor : IDisposable
{
    private const int LongestHistory = 1000;
    private readonly Terminal _terminal;
    private readonly List<string> _history = [];
    private readonly string _historyFile;

    public LineEditor(Terminal terminal)
    {
        _terminal = terminal;
        var home = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        _historyFile = Path.Combine(home, "gpux", "history");
        try
        {
            // One entry a line; line ends within one are written as two characters.
            if (File.Exists(_historyFile))
                _history.AddRange(File.ReadLines(_historyFile).TakeLast(LongestHistory).Select(entry => entry.Replace("\\n", "\n", StringComparison.Ordinal)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without a history, then.
        }
    }

    /// <param name="isUnfinished">Whether what was typed so far goes on in the next line.</param>
    /// <returns>What was typed; null at the end of input.</returns>
    public string? Read(string prompt, Func<string, bool> isUnfinished)
    {
        var text = new StringBuilder();
        for (var ask = prompt; ; ask = "... ")
        {
            if (ReadLine(ask) is not { } line)
                return text.Length > 0 ? text.ToString() : null;
            text.Append(text.Length > 0 ? "\n" : "").Append(line);
            if (!isUnfinished(text.ToString()))
                break;
        }
        var entry = text.ToString();
        if (entry.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != entry))
            _history.Add(entry);
        return entry;
    }

    public void Dispose()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_historyFile)!); // it lies in a folder
            File.WriteAllLines(_historyFile, _history.TakeLast(LongestHistory).Select(entry => entry.Replace("\n", "\\n", StringComparison.Ordinal)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The history of this run is lost, which is no reason to fail.
        }
    }

    private string? ReadLine(string prompt)
    {
        var line = new StringBuilder();
        var (at, place) = (0, _history.Count);
        Console.TreatControlCAsInput = true;
        try
        {
            for (Draw(prompt, line, at); ; Draw(prompt, line, at))
            {
                var key = Console.ReadKey(intercept: true);
                var control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
                switch (key.Key)
                {
                    case ConsoleKey.Enter:
                        Draw(prompt, line, line.Length);
                        _terminal.Error.WriteLine();
                        _terminal.Error.Flush();
                        return line.ToString();
                    case ConsoleKey.C when control && line.Length == 0:
                        _terminal.Error.WriteLine("\nCtrl-D or /bye ends.");
                        break;
                    case ConsoleKey.D when control && line.Length == 0:
                        _terminal.Error.WriteLine();
                        _terminal.Error.Flush();
                        return null;
                    case ConsoleKey.C when control:
                    case ConsoleKey.U when control:
                        (line, at) = (line.Clear(), 0);
                        break;
                    case ConsoleKey.K when control:
                        line.Length = at;
                        break;
                    case ConsoleKey.W when control:
                        var start = at;
                        while (start > 0 && line[start - 1] == ' ')
                            start--;
                        while (start > 0 && line[start - 1] != ' ')
                            start--;
                        line.Remove(start, at - start);
                        at = start;
                        break;
                    case ConsoleKey.A when control:
                    case ConsoleKey.Home:
                        at = 0;
                        break;
                    case ConsoleKey.E when control:
                    case ConsoleKey.End:
                        at = line.Length;
                        break;
                    case ConsoleKey.LeftArrow:
                        at = Math.Max(0, at - 1);
                        break;
                    case ConsoleKey.RightArrow:
                        at = Math.Min(line.Length, at + 1);
                        break;
                    case ConsoleKey.Backspace when at > 0:
                        line.Remove(--at, 1);
                        break;
                    case ConsoleKey.Delete when at < line.Length:
                        line.Remove(at, 1);
                        break;
                    case ConsoleKey.UpArrow when place > 0:
                    case ConsoleKey.DownArrow when place < _history.Count:
                        place += key.Key == ConsoleKey.UpArrow ? -1 : 1;
                        line.Clear().Append(place < _history.Count ? _history[place].Replace('\n', ' ') : "");
                        at = line.Length;
                        break;
                    default:
                        if (!char.IsControl(key.KeyChar))
                            line.Insert(at++, key.KeyChar);
                        break;
                }
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void Draw(string prompt, StringBuilder line, int at)
    {
        var text = line.ToString();
        // To the start of the line, erase it, write it, and go to where the next letter comes.
        _terminal.Error.Write($"\r\e[2K{prompt}{text}");
        if (TextWidth.Of(text[at..]) is > 0 and var columns)
            _terminal.Error.Write($"\e[{columns}D");
        _terminal.Error.Flush();
    }
}
