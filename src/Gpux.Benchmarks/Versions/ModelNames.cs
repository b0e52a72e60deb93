using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Versions;

/// <summary>Which model of a database a text means: a name as it is stored, or a reference such as "hf:org/name@revision".</summary>
/// <remarks>A model is found by its name, by a reference, or by the end of its name behind a slash where only one ends so. The database calls a model of the Hub by its name alone, and one of another registry by its reference without a revision
/// ("mlflow:fraud", "github:org/name"). What is no reference at all is a name of its own.</remarks>
/// <param name="forms">How references of registries besides the Hub's are written; null for none.</param>
public sealed class ModelNames(IReferenceForms? forms)
{
    // Longer ones come from mistakes, such as a file's content in place of its name.
    private const int LongestName = 1000;

    // To find the closest of.
    private const long ComparedNames = 10_000;

    private const string ByEnding = "SELECT id, name FROM models WHERE right(name, CAST($1 AS INTEGER)) = $2 ORDER BY name LIMIT 5";

    /// <returns>Null where the text is no reference.</returns>
    public ModelReference? Reference(string text)
    {
        try
        {
            return ModelReference.Parse(text, forms);
        }
        catch (Exception exception) when (exception is InvalidReferenceException or ModelNotFoundException)
        {
            return null;
        }
    }

    /// <returns>Null for a model that the database does not know, or where the names of several end so.</returns>
    public (long Id, string Name)? Find(ISqlConnection connection, string text, CancellationToken cancellationToken)
    {
        if (FindWhole(connection, text, cancellationToken) is { } whole)
            return whole;
        return ByEndings(connection, text, cancellationToken) is [var only] ? only : null;
    }

    /// <summary>As <see cref="Find"/>, by the whole of a name alone: for what is stored under it otherwise.</summary>
    internal (long Id, string Name)? FindWhole(ISqlConnection connection, string text, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            "SELECT id, name FROM models WHERE name = $1 OR name = $2 ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END", [text, Stored(text).Name], cancellationToken);
        return rows.Read() ? (rows.Int64(0), rows.Text(1)) : null;
    }

    /// <exception cref="ModelNotMeasuredException">The database does not know it, or the names of several end so.</exception>
    public (long Id, string Name) Require(ISqlConnection connection, string text, CancellationToken cancellationToken) =>
        Find(connection, text, cancellationToken) ?? throw new ModelNotMeasuredException(VersionText.Shown(text), Candidates(connection, text, cancellationToken));

    /// <summary>What a name that is not found may have meant: the models whose names end so, else those with the names that are closest.</summary>
    /// <returns>At most five; none of an empty database.</returns>
    public static IReadOnlyList<string> Candidates(ISqlConnection connection, string text, CancellationToken cancellationToken)
    {
        if (ByEndings(connection, text, cancellationToken) is { Count: > 0 } several)
            return [.. several.Select(model => VersionText.Shown(model.Name))];
        List<string> names = [];
        using var rows = connection.Query("SELECT name FROM models ORDER BY id DESC LIMIT $1", [ComparedNames], cancellationToken);
        while (rows.Read())
            names.Add(rows.Text(0));
        return [.. ColumnMap.Closest(text, names).Select(VersionText.Shown)];
    }

    /// <summary>The filter with the names that the database has, for what a user calls a model and its version.</summary>
    /// <exception cref="ModelNotMeasuredException">It does not know the model.</exception>
    /// <exception cref="VersionNotFoundException">The model has no such version or alias.</exception>
    public RunFilter Resolve(ISqlConnection connection, RunFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Model is not { } text)
            return filter;
        var (id, name) = Require(connection, text, cancellationToken);
        return filter with
        {
            Model = name,
            VersionTag = filter.VersionTag is { } tag ? VersionTable.RequireTagOrAlias(connection, id, name, tag, cancellationToken).Tag : null,
        };
    }

    /// <returns>The tag of the version that an alias means now; null where the database does not know the model, or the model not the alias.</returns>
    /// <param name="model">Its whole name, or a reference.</param>
    /// <param name="alias">Without the mark.</param>
    public string? AliasedTag(ISqlConnection connection, string model, string alias, CancellationToken cancellationToken) =>
        FindWhole(connection, model, cancellationToken) is var (id, _) ? AliasTable.Meaning(connection, id, alias, cancellationToken)?.Tag : null;

    /// <summary>Whether a user's word means a model that is called so, among others that are not looked at.</summary>
    public bool Means(string text, string name) =>
        name == text || name == Stored(text).Name || name.EndsWith($"/{text}", StringComparison.Ordinal);

    private static List<(long Id, string Name)> ByEndings(ISqlConnection connection, string text, CancellationToken cancellationToken)
    {
        List<(long, string)> found = [];
        if (text.Length == 0)
            return found;
        using var rows = connection.Query(ByEnding, [text.Length + 1L, $"/{text}"], cancellationToken);
        while (rows.Read())
            found.Add((rows.Int64(0), rows.Text(1)));
        return found;
    }

    /// <summary>The model as it would be stored.</summary>
    public BenchmarkedModel Stored(string text) => Reference(text) switch
    {
        null or { Registry: ModelReference.Local } => new BenchmarkedModel(text),
        { Registry: ModelReference.HuggingFace } hub => new BenchmarkedModel(hub.Name) { Registry = hub.Registry },
        { Registry: ModelReference.Samples } sample => new BenchmarkedModel($"{sample.Registry}/{sample.Name}") { Registry = sample.Registry },
        var other => new BenchmarkedModel((other with { Revision = null, Path = null }).ToString()) { Registry = other.Registry },
    };

    /// <exception cref="InvalidVersionException">No model can be called so.</exception>
    public BenchmarkedModel Named(string text)
    {
        VersionText.Require("The name of a model", text, LongestName);
        return Stored(text);
    }
}

/// <summary>Texts of users that become names.</summary>
internal static class VersionText
{
    private const int ShownLength = 60;

    /// <exception cref="InvalidVersionException">It is empty, too long, or holds what cannot be seen.</exception>
    public static void Require(string what, string text, int longest)
    {
        if (text.Length == 0 || text.Length > longest)
            throw new InvalidVersionException($"{what} has 1 to {longest} characters; '{Shown(text)}' has {text.Length}.", "Shorten it.");
        if (text.Any(c => char.IsControl(c)) || text != text.Trim() || HasHalfSurrogate(text))
            throw new InvalidVersionException($"{what} '{Shown(text)}' has control characters, half a character, or blanks at an end.", "Write it without.");
    }

    /// <summary>A text of strangers in a message: its beginning, on one line.</summary>
    public static string Shown(string text)
    {
        var start = text.Length <= ShownLength ? text : text[..ShownLength] + "...";
        return string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) && HasHalfSurrogate(start) ? '?' : c));
    }

    private static bool HasHalfSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsSurrogatePair(text, i))
                return true;
            i++;
        }
        return false;
    }
}
