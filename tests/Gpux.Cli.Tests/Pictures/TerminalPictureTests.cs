using System.Globalization;
using Gpux.Cli.Pictures;
using Gpux.Runtime.Images;

namespace Gpux.Cli.Tests.Pictures;

public sealed class TerminalPictureTests
{
    [Theory]
    [InlineData("KITTY_WINDOW_ID=1", PictureProtocol.Kitty)]
    [InlineData("TERM=xterm-kitty", PictureProtocol.Kitty)]
    [InlineData("TERM_PROGRAM=ghostty", PictureProtocol.Kitty)]
    [InlineData("TERM_PROGRAM=iTerm.app", PictureProtocol.Iterm)]
    [InlineData("LC_TERMINAL=iTerm2", PictureProtocol.Iterm)]
    [InlineData("TERM=foot", PictureProtocol.Sixel)]
    [InlineData("TERM=xterm-sixel", PictureProtocol.Sixel)]
    [InlineData("TERM=xterm-256color", PictureProtocol.None)]
    [InlineData("TERM_PROGRAM=Apple_Terminal", PictureProtocol.None)]
    [InlineData("KITTY_WINDOW_ID=1 TMUX=/tmp/tmux", PictureProtocol.None)]
    [InlineData("LC_TERMINAL=iTerm2 TERM=screen-256color", PictureProtocol.None)]
    [InlineData("", PictureProtocol.None)]
    internal void Environment_tells_what_the_terminal_shows(string variables, PictureProtocol expected)
    {
        var set = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(expected, TerminalPicture.Detect(name => set.GetValueOrDefault(name)));
    }

    [Fact]
    public void Kitty_is_sent_a_png_in_chunks()
    {
        var picture = Noise(120, 80);
        var text = Written(picture, PictureProtocol.Kitty);
        var chunks = text.Split("\e_G", StringSplitOptions.RemoveEmptyEntries).Select(chunk => chunk[..chunk.IndexOf('\e', StringComparison.Ordinal)].Split(';')).ToArray();
        Assert.True(chunks.Length > 1);
        Assert.StartsWith("a=T,f=100,q=2,m=1", chunks[0][0], StringComparison.Ordinal);
        Assert.All(chunks[1..^1], chunk => Assert.Equal("m=1", chunk[0]));
        Assert.Equal("m=0", chunks[^1][0]);
        Assert.All(chunks, chunk => Assert.InRange(chunk[1].Length, 1, 4096));
        Assert.Equal(picture.Pixels, Image.Load(Convert.FromBase64String(string.Concat(chunks.Select(chunk => chunk[1])))).Pixels);
    }

    [Fact]
    public void Iterm_is_sent_a_png_and_its_size()
    {
        var picture = Noise(20, 10);
        var text = Written(picture, PictureProtocol.Iterm);
        Assert.StartsWith("\e]1337;File=inline=1;size=", text, StringComparison.Ordinal);
        Assert.Contains("width=20px;height=10px:", text, StringComparison.Ordinal);
        Assert.Equal(picture.Pixels, Image.Load(Convert.FromBase64String(text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..text.IndexOf('\a', StringComparison.Ordinal)])).Pixels);
    }

    [Fact]
    public void Sixels_show_the_picture_in_steps_of_a_fifth()
    {
        var picture = Noise(13, 8); // a band of six rows and one of two
        var shown = Decode(Written(picture, PictureProtocol.Sixel), picture.Size);
        for (var i = 0; i < picture.Pixels.Length; i++)
            Assert.InRange(Math.Abs(picture.Pixels[i] / 255.0 - shown[i] / 100.0), 0, 0.1 + 1e-9);
    }

    [Fact]
    public void Large_pictures_are_made_smaller()
    {
        var text = Written(Image.FromPixels(2000, 1000, new byte[6_000_000]), PictureProtocol.Iterm);
        Assert.Contains("width=640px;height=320px", text, StringComparison.Ordinal);
    }

    private static string Written(Image picture, PictureProtocol protocol)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        TerminalPicture.Write(writer, picture, protocol);
        return writer.ToString();
    }

    private static Image Noise(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        new Random(7).NextBytes(pixels);
        return Image.FromPixels(width, height, pixels);
    }

    // A reader of the sixel format: percentages of red, green and blue for each pixel.
    private static int[] Decode(string text, ImageSize size)
    {
        var shown = new int[size.Width * size.Height * 3];
        var palette = new Dictionary<int, int[]>();
        var (x, top, colour, at) = (0, 0, 0, text.IndexOf('#', StringComparison.Ordinal));
        while (text[at] != '\e')
        {
            switch (text[at])
            {
                case '#':
                    var numbers = Numbers(ref at);
                    colour = numbers[0];
                    if (numbers.Length == 5)
                        palette[colour] = numbers[2..];
                    break;
                case '$': x = 0; at++; break;
                case '-': (x, top) = (0, top + 6); at++; break;
                case '!':
                    var count = Numbers(ref at)[0];
                    Draw(text[at++], count);
                    break;
                default: Draw(text[at++], 1); break;
            }
        }
        return shown;

        int[] Numbers(ref int from)
        {
            var end = from + 1;
            while (char.IsAsciiDigit(text[end]) || text[end] == ';')
                end++;
            var list = text[(from + 1)..end].Split(';').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            from = end;
            return list;
        }

        void Draw(char sixel, int count)
        {
            for (var end = x + count; x < end; x++)
                for (var y = 0; y < 6; y++)
                    if (((sixel - '?') >> y & 1) != 0)
                        palette[colour].CopyTo(shown, ((top + y) * size.Width + x) * 3);
        }
    }
}
