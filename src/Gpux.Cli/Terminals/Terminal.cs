using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gpux.Cli.Terminals;

/// <summary>Where a command writes: results to standard output, everything else to standard error.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly Lazy<ProgressDisplay> _progress;
    private ProgressEvents? _events;

    /// <param name="output">Takes results.</param>
    /// <param name="error">Takes notes, progress and errors.</param>
    /// <param name="colours">Whether results may be coloured.</param>
    /// <param name="interactive">Whether a person watches standard error, so that lines may be redrawn.</param>
    public Terminal(TextWriter output, TextWriter error, bool colours, bool interactive)
    {
        Output = output;
        Error = error;
        Colours = colours;
        Interactive = interactive;
        _progress = new Lazy<ProgressDisplay>(() => new ProgressDisplay(error, TimeProvider.System, interactive, () => Width));
    }

    public TextWriter Output { get; }
    public TextWriter Error { get; }
    public bool Colours { get; }
    public bool Interactive { get; }

    /// <summary>Set by --json: results are JSON, and people's text is left out.</summary>
    public bool Json { get; set; }

    /// <summary>Columns that a line may take; 100 where nobody watches.</summary>
    public int Width => Interactive && Console.WindowWidth is > 20 and var width ? width : 100;

    /// <summary>Set by --progress.</summary>
    public ProgressForm ProgressForm { get; set; }

    public IProgress<Progress>? Progress => ProgressForm switch
    {
        ProgressForm.Events => _events ??= new ProgressEvents(Error, TimeProvider.System),
        ProgressForm.None => null,
        _ => _progress.Value,
    };

    /// <summary>The process's own streams. Colours follow NO_COLOR, TERM=dumb and whether output goes to a terminal.</summary>
    public static Terminal ForProcess()
    {
        var plain = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new Terminal(Writer(new StandardStream(Console.OpenStandardOutput(), static exception => new StandardOutputException(exception))),
            Writer(new StandardStream(Console.OpenStandardError(), failure: null)),
            colours: !plain && !Console.IsOutputRedirected, interactive: !Console.IsErrorRedirected && !plain);
    }

    /// <summary>Prints a result: text for people, or JSON where it was asked for.</summary>
    public void Print(Action<TextWriter> text, Action<Utf8JsonWriter> json)
    {
        ClearProgress();
        if (Json)
            Output.WriteLine(ToJson(json));
        else
            text(Output);
        Output.Flush();
    }

    /// <summary>Tells a person something that is no result.</summary>
    public void Note(string text)
    {
        ClearProgress();
        Error.WriteLine(text);
        Error.Flush();
    }

    public void ClearProgress()
    {
        if (_progress.IsValueCreated)
            _progress.Value.Clear();
    }

    public string Bold(string text) => Styled(text, "1");
    public string Dim(string text) => Styled(text, "2");
    public string Green(string text) => Styled(text, "32");
    public string Red(string text) => Styled(text, "31");
    public string Cyan(string text) => Styled(text, "36");

    public static string ToJson(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions
        {
            Indented = true,
            // Text for people and pipes, never for a web page: letters of all scripts stay readable.
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            write(json);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public void Dispose()
    {
        ClearProgress();
        Output.Flush();
        Error.Flush();
    }

    private string Styled(string text, string code) => Colours ? $"\e[{code}m{text}\e[0m" : text;

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(false), 1 << 12) { AutoFlush = false, NewLine = "\n" };
}

/// <summary>How progress is shown on standard error.</summary>
internal enum ProgressForm
{
    Bars,

    /// <summary>A JSON object a line.</summary>
    Events,
    None,
}
