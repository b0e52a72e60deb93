using System.Globalization;
using System.Text;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Cli.Pictures;

/// <summary>How a terminal takes pictures between its lines.</summary>
internal enum PictureProtocol
{
    None,

    /// <summary>The graphics protocol of kitty, which Ghostty and WezTerm speak too.</summary>
    Kitty,

    /// <summary>The inline images of iTerm2.</summary>
    Iterm,

    /// <summary>Six rows of dots to a character, as DEC's printers had them.</summary>
    Sixel,
}

/// <summary>Shows pictures between the lines of a terminal.</summary>
internal static class TerminalPicture
{
    // About half of a usual window.
    private const int LongestSide = 640;
    private const int ChunkLength = 4096;

    /// <summary>What the terminal says of itself in the environment. It is not asked: not all answer, and waiting for one would block.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static PictureProtocol Detect(Func<string, string?> variable)
    {
        var (term, program) = (variable("TERM") ?? "", variable("TERM_PROGRAM") ?? "");
        // These stand between and pass nothing on that they do not know.
        if (variable("TMUX") is { Length: > 0 } || term.StartsWith("screen", StringComparison.Ordinal) || term.StartsWith("tmux", StringComparison.Ordinal))
            return PictureProtocol.None;
        if (variable("KITTY_WINDOW_ID") is { Length: > 0 } || term is "xterm-kitty" or "xterm-ghostty" || program is "ghostty")
            return PictureProtocol.Kitty;
        if (program is "iTerm.app" or "WezTerm" or "mintty" || variable("LC_TERMINAL") == "iTerm2")
            return PictureProtocol.Iterm;
        return term.Contains("sixel", StringComparison.Ordinal) || term is "mlterm" or "yaft-256color" || term.StartsWith("foot", StringComparison.Ordinal)
            || term == "contour" ? PictureProtocol.Sixel : PictureProtocol.None;
    }

    public static void Write(TextWriter output, Image picture, PictureProtocol protocol)
    {
        var shown = picture.Within(LongestSide);
        switch (protocol)
        {
            case PictureProtocol.Kitty:
                WriteKitty(output, Convert.ToBase64String(shown.ToPng()));
                break;
            case PictureProtocol.Iterm:
                var png = shown.ToPng();
                output.Write(string.Create(CultureInfo.InvariantCulture, $"\e]1337;File=inline=1;size={png.Length};width={shown.Width}px;height={shown.Height}px:"));
                output.Write(Convert.ToBase64String(png));
                output.Write('\a');
                break;
            case PictureProtocol.Sixel:
                WriteSixel(output, shown);
                break;
            default:
                return;
        }
        output.WriteLine();
    }

    // A PNG (f=100) that is transmitted and shown (a=T), without an answer (q=2), in chunks of which all but the last have m=1.
    private static void WriteKitty(TextWriter output, string base64)
    {
        for (var at = 0; at < base64.Length; at += ChunkLength)
        {
            var isLast = at + ChunkLength >= base64.Length;
            output.Write(at == 0 ? "\e_Ga=T,f=100,q=2," : "\e_G");
            output.Write(isLast ? "m=0;" : "m=1;");
            output.Write(base64.AsSpan(at, Math.Min(ChunkLength, base64.Length - at)));
            output.Write("\e\\");
        }
    }

    // The colours of a cube of six levels each. A band of six rows is written once for each colour in it.
    private static void WriteSixel(TextWriter output, Image image)
    {
        const int Levels = 6;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\eP0;1q\"1;1;{image.Width};{image.Height}");
        for (var i = 0; i < Levels * Levels * Levels; i++)
            text.Append(CultureInfo.InvariantCulture, $"#{i};2;{i / 36 * 20};{i / 6 % 6 * 20};{i % 6 * 20}");
        var colours = new byte[image.Width * 6];
        for (var top = 0; top < image.Height; top += 6)
        {
            var rows = Math.Min(6, image.Height - top);
            var occurs = new bool[Levels * Levels * Levels];
            for (var i = 0; i < rows * image.Width; i++)
            {
                var pixel = image.Pixels.Slice((top * image.Width + i) * 3, 3);
                occurs[colours[i] = (byte)(Level(pixel[0]) * 36 + Level(pixel[1]) * 6 + Level(pixel[2]))] = true;
            }
            for (var colour = 0; colour < occurs.Length; colour++)
                if (occurs[colour])
                    WriteBand(text, colours, image.Width, rows, colour);
            text.Append('-');
        }
        output.Write(text.Append("\e\\").ToString());

        static int Level(byte value) => (value * (Levels - 1) + 127) / 255;
    }

    private static void WriteBand(StringBuilder text, byte[] colours, int width, int rows, int colour)
    {
        text.Append(CultureInfo.InvariantCulture, $"#{colour}");
        for (int x = 0, end; x < width; x = end)
        {
            var sixel = At(x);
            for (end = x + 1; end < width && At(end) == sixel; end++)
            {
            }
            if (end - x > 3)
                text.Append(CultureInfo.InvariantCulture, $"!{end - x}{sixel}");
            else
                text.Append(sixel, end - x);
        }
        text.Append('$'); // back to the start of the band

        char At(int x)
        {
            var bits = 0;
            for (var y = 0; y < rows; y++)
                bits |= colours[y * width + x] == colour ? 1 << y : 0;
            return (char)('?' + bits);
        }
    }
}
