namespace Gpux.Cli.Pictures;

internal readonly record struct Colour(byte Red, byte Green, byte Blue)
{
    public static readonly Colour Black = new(0, 0, 0);
    public static readonly Colour White = new(255, 255, 255);

    /// <summary>Black or white, whichever is read better on this one.</summary>
    public Colour Ink => Red * 299 + Green * 587 + Blue * 114 > 140_000 ? Black : White;

    /// <summary>Colours that are told apart next to each other, over and over.</summary>
    public static Colour OfClass(int number) => Classes[number % Classes.Length];

    /// <summary>From the least (0), dark violet, to the greatest (1), yellow: even steps of value are seen as even steps.</summary>
    /// <remarks>Ten stops of viridis (S. van der Walt and N. Smith, 2015; CC0).</remarks>
    public static Colour OfValue(float value)
    {
        var at = Math.Clamp(float.IsFinite(value) ? value : 0, 0, 1) * (Values.Length - 1);
        var first = Math.Min((int)at, Values.Length - 2);
        var part = at - first;
        var (low, high) = (Values[first], Values[first + 1]);
        return new Colour(Mix(low.Red, high.Red), Mix(low.Green, high.Green), Mix(low.Blue, high.Blue));

        byte Mix(byte one, byte other) => (byte)MathF.Round(one + (other - one) * part);
    }

    private static readonly Colour[] Classes =
    [
        new(255, 99, 71), new(30, 144, 255), new(50, 205, 50), new(255, 215, 0), new(186, 85, 211), new(0, 206, 209),
        new(255, 140, 0), new(255, 105, 180), new(154, 205, 50), new(100, 149, 237), new(205, 133, 63), new(64, 224, 208),
    ];

    private static readonly Colour[] Values =
    [
        new(68, 1, 84), new(72, 40, 120), new(62, 74, 137), new(49, 104, 142), new(38, 130, 142),
        new(31, 158, 137), new(53, 183, 121), new(110, 206, 88), new(181, 222, 43), new(253, 231, 37),
    ];
}
