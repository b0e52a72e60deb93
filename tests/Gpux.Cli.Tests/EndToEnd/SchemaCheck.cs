using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Checks a value against those keywords of JSON Schema (draft 2020-12) that our schemas use; another keyword is an error.</summary>
internal static class SchemaCheck
{
    public static IReadOnlyList<string> Problems(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "", problems);
        return problems;
    }

    private static void Check(JsonElement schema, JsonElement value, string at, List<string> problems)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var demand = keyword.Value;
            var isMet = keyword.Name switch
            {
                "$schema" or "$id" or "title" or "description" or "then" => true,
                "type" => string.Equals(demand.GetString(), value.ValueKind.ToString(), StringComparison.OrdinalIgnoreCase),
                "required" => demand.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
                "minLength" => value.GetString()!.Length >= demand.GetInt32(),
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, demand.GetString()!),
                "enum" => demand.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)),
                "const" => JsonElement.DeepEquals(demand, value),
                "format" => demand.GetString() == "date-time" && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, out _),
                "contentMediaType" => demand.GetString() == "application/json" && JsonDocument.Parse(value.GetString()!) is not null,
                "properties" => Each(demand, value, at, problems),
                "additionalProperties" => Others(schema, demand, value, at, problems),
                "if" => Problems(demand, value).Count > 0 || Then(schema, value, at, problems),
                _ => throw new NotSupportedException($"The keyword '{keyword.Name}' is not checked by this test."),
            };
            if (!isMet)
                problems.Add($"{at}: {keyword.Name} {demand.GetRawText()}");
        }
    }

    private static bool Each(JsonElement properties, JsonElement value, string at, List<string> problems)
    {
        foreach (var property in properties.EnumerateObject())
            if (value.TryGetProperty(property.Name, out var member))
                Check(property.Value, member, $"{at}/{property.Name}", problems);
        return true;
    }

    private static bool Others(JsonElement schema, JsonElement demand, JsonElement value, string at, List<string> problems)
    {
        foreach (var member in value.EnumerateObject().Where(member => !schema.GetProperty("properties").TryGetProperty(member.Name, out _)))
            Check(demand, member.Value, $"{at}/{member.Name}", problems);
        return true;
    }

    private static bool Then(JsonElement schema, JsonElement value, string at, List<string> problems)
    {
        Check(schema.GetProperty("then"), value, at, problems);
        return true;
    }
}
