using System.Globalization;
using System.Text.Json;

namespace Gpux.Registries.Kaggle;

/// <summary>A variation of a model, of which there are versions: "instance" in the API.</summary>
/// <param name="Version">Its newest.</param>
internal sealed record KaggleVariation(
    string Framework, string Slug, int Version, string? Licence, long? SizeBytes, string? Overview, string? Kind)
{
    public static KaggleVariation Read(JsonElement instance) => new(
        KaggleHandle.FrameworkOf(Text(instance, "framework") ?? throw new FormatException("a variation has no framework.")),
        Text(instance, "slug") ?? throw new FormatException("a variation has no name."),
        Number(instance, "versionNumber") is > 0 and <= int.MaxValue and var version ? (int)version
            : throw new FormatException("a variation has no version."),
        Text(instance, "licenseName"), Number(instance, "totalUncompressedBytes"), Text(instance, "overview"),
        Text(instance, "modelInstanceType"));

    internal static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    // Large numbers come as strings from some versions of the API.
    internal static long? Number(JsonElement of, string name) => !of.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : value.ValueKind == JsonValueKind.String && long.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            ? number : null;
}

/// <summary>A model with its variations.</summary>
internal sealed record KaggleModel(
    string Owner, string Slug, string? Title, string? Subtitle, long? Votes, DateTimeOffset? UpdatedAt, IReadOnlyList<string> Tags,
    IReadOnlyList<KaggleVariation> Variations)
{
    public static KaggleModel Read(JsonElement model)
    {
        var reference = (KaggleVariation.Text(model, "ref") ?? throw new FormatException("a model has no name.")).Split('/');
        if (reference is not [var owner, var slug])
            throw new FormatException("a model's name is not owner/model.");
        return new KaggleModel(owner, slug, KaggleVariation.Text(model, "title"), KaggleVariation.Text(model, "subtitle"),
            KaggleVariation.Number(model, "voteCount"),
            DateTimeOffset.TryParse(KaggleVariation.Text(model, "updateTime"), CultureInfo.InvariantCulture, out var updated) ? updated : null,
            [.. List(model, "tags").Select(tag => KaggleVariation.Text(tag, "name") ?? "").Where(tag => tag.Length > 0)],
            [.. List(model, "instances").Select(KaggleVariation.Read)]);
    }

    public static IEnumerable<JsonElement> List(JsonElement of, string name) =>
        of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
}
