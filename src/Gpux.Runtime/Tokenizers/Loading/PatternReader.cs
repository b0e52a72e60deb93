using System.Text.Json;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Patterns.Regex;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>pattern</c> of a component: a string or a regular expression.</summary>
internal static class PatternReader
{
    public static Pattern Read(JsonFields fields)
    {
        var element = fields.Get("pattern");
        if (element.ValueKind == JsonValueKind.String)
            return Literal(fields.String("pattern"), fields);
        var pattern = fields.Object("pattern");
        if (pattern.StringOrNull("String") is { } literal)
            return Literal(literal, fields);
        var expression = pattern.String("Regex");
        try
        {
            return RegexPattern.Parse(expression);
        }
        catch (RegexSyntaxException problem)
        {
            throw new UnsupportedTokenizerException($"the regular expression '{expression}': {problem.Message}");
        }
    }

    private static LiteralPattern Literal(string literal, JsonFields fields) => literal.Length > 0
        ? new LiteralPattern(System.Text.Encoding.UTF8.GetBytes(literal))
        : throw fields.Wrong("pattern", "is empty");
}
