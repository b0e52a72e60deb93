using System.Globalization;
using System.Text;

namespace Gpux.Benchmarks.Charts;

/// <summary>The colours and fonts of all pictures, for light and dark surroundings.</summary>
/// <remarks>Series: the palette of Okabe and Ito (2008), which people with each form of colour blindness tell apart; on dark ground the same
/// hues, lighter. Shades: one hue from light to dark, so that they are told apart without colour too.</remarks>
internal static class ChartStyle
{
    public const string Fonts = "'Segoe UI', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

    /// <summary>Colours, dashes and shapes start again after so many.</summary>
    public const int SeriesStyles = 7;

    public const int Shades = 7;

    private static readonly string[] Light = ["#0072b2", "#d55e00", "#00805c", "#b2548e", "#a06f00", "#2f8fc4", "#4d4d4d"];
    private static readonly string[] Dark = ["#4fa8e0", "#ff9152", "#3ccfa4", "#e79ac8", "#f0b840", "#8fd0f5", "#c4c9cf"];
    private static readonly string[] Dashes = ["", "7 4", "2 3", "9 3 2 3", "12 4", "4 2", "1 4"];
    private static readonly string[] Cells = ["#f1f6fb", "#d7e6f4", "#b3d0e9", "#84b5da", "#4f93c4", "#22709f", "#0b4a75"];

    // From this shade on, text upon it is white.
    private const int FirstDeepShade = 5;

    /// <summary>For the style element of a picture, or once for all those of a page.</summary>
    public static string Sheet { get; } = Write();

    public static bool IsDeep(int shade) => shade >= FirstDeepShade;

    private static string Write()
    {
        var css = new StringBuilder();
        css.Append("""

            .bg{fill:#ffffff}.ink{fill:#1f2328}.mute{fill:#57606a}.axis{stroke:#8c959f;stroke-width:1;fill:none}.grid{stroke:#e3e7eb;stroke-width:1;fill:none}
            .rule{stroke:#57606a;stroke-width:1.25;stroke-dasharray:4 3;fill:none}.halo{stroke:#ffffff;stroke-width:3;stroke-linejoin:round;paint-order:stroke}
            .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.thin{fill:none;stroke-width:1.5}.mark{stroke-width:1.5}.raw{opacity:.35}.area{opacity:.18}
            .hollow{fill:#ffffff}.hatch{stroke:#57606a;stroke-width:1;opacity:.55}.deep{stroke:#ffffff;opacity:.7}.on-deep{fill:#ffffff}.on-pale{fill:#1f2328}

            """);
        for (var i = 0; i < SeriesStyles; i++)
            css.Append(CultureInfo.InvariantCulture, $".s{i}{{stroke:{Light[i]}}}.f{i}{{fill:{Light[i]}}}{(Dashes[i].Length == 0 ? "" : $".d{i}{{stroke-dasharray:{Dashes[i]}}}")}\n");
        for (var i = 0; i < Shades; i++)
            css.Append(CultureInfo.InvariantCulture, $".c{i}{{fill:{Cells[i]}}}");
        css.Append("""

            @media (prefers-color-scheme: dark){
            .bg{fill:#0d1117}.ink{fill:#e6edf3}.mute{fill:#9198a1}.axis{stroke:#6e7681}.grid{stroke:#262c34}.rule{stroke:#9198a1}.halo{stroke:#0d1117}.hollow{fill:#0d1117}

            """);
        for (var i = 0; i < SeriesStyles; i++)
            css.Append(CultureInfo.InvariantCulture, $".s{i}{{stroke:{Dark[i]}}}.f{i}{{fill:{Dark[i]}}}");
        css.Append("\n}\n");
        return css.ToString();
    }
}
