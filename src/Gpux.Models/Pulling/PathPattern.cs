using System.Text;
using System.Text.RegularExpressions;

namespace Gpux.Models.Pulling;

/// <summary>A pattern of file names as the Hub's own tools have them: '*' also crosses '/', a pattern that ends in '/' means all
/// below, and letters' case matters.</summary>
/// <remarks>Source: filter_repo_objects of huggingface_hub 2.4.0, which uses Python's fnmatchcase.</remarks>
internal sealed class PathPattern
{
    private readonly string _text;
    private readonly Regex _regex;

    public PathPattern(string pattern)
    {
        _text = pattern;
        if (pattern.EndsWith('/'))
            pattern += "*";
        var expression = new StringBuilder(@"\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            var end = pattern[i] == '[' ? pattern.IndexOf(']', Math.Min(pattern.Length, i + 2 + (i + 1 < pattern.Length && pattern[i + 1] == '!' ? 1 : 0))) : -1;
            if (pattern[i] == '*')
                expression.Append(".*");
            else if (pattern[i] == '?')
                expression.Append('.');
            else if (end > 0)
            {
                var set = pattern[(i + 1)..end].Replace(@"\", @"\\").Replace("[", @"\[");
                expression.Append('[').Append(set[0] == '!' ? $"^{set[1..]}" : set[0] == '^' ? $@"\{set}" : set).Append(']');
                i = end;
            }
            else
                expression.Append(Regex.Escape(pattern[i].ToString()));
        }
        // Without backtracking, no pattern takes long.
        _regex = new Regex(expression.Append(@"\z").ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    public bool Matches(string path) => _regex.IsMatch(path);

    public override string ToString() => _text;
}
