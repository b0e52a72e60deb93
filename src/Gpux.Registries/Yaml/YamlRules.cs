namespace Gpux.Registries.Yaml;

/// <summary>What a YAML file may be.</summary>
/// <param name="SizeLimitBytes">Larger files are refused before they are read.</param>
/// <param name="ValueLimit">Texts, lists and maps, all together.</param>
/// <param name="IsOneTree">Whether it is one document without anchors and aliases, as files of GPUX's own are.</param>
internal sealed record YamlRules(int SizeLimitBytes = 1 << 20, int ValueLimit = 100_000, bool IsOneTree = false);

/// <summary>A YAML file that cannot be read.</summary>
/// <param name="line">From 1; 0 where it is not known.</param>
internal sealed class InvalidYamlException(int line, string problem, Exception? inner = null)
    : FormatException(line > 0 ? $"line {line}: {problem}" : problem, inner)
{
    public int Line { get; } = line;

    /// <summary>Without the line.</summary>
    public string Problem { get; } = problem;
}
