using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;

namespace Gpux.Benchmarks.Versions;

/// <summary>Which model of a database a text means: a name as it is stored, or a reference such as "hf:org/name@revision".</summary>
/// <remarks>The database calls a model of the Hub by its name alone, and one of another registry by its reference without a revision
/// ("mlflow:fraud", "github:org/name"). What is no reference at all is a name of its own.</remarks>
/// <param name="forms">How references of registries besides the Hub's are written; null for none.</param>
internal sealed class ModelNames(IReferenceForms? forms)
{
    // Longer ones come from mistakes, such as a file's content in place of its name.
    private const int LongestName = 1000;

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

    /// <returns>Null for a model that the database does not know.</returns>
    public (long Id, string Name)? Find(ISqlConnection connection, string text, CancellationToken cancellationToken)
    {
        using var rows = connection.Query(
            "SELECT id, name FROM models WHERE name = $1 OR name = $2 ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END", [text, Stored(text).Name], cancellationToken);
        return rows.Read() ? (rows.Int64(0), rows.Text(1)) : null;
    }

    /// <exception cref="ModelNotMeasuredException">The database does not know it.</exception>
    public (long Id, string Name) Require(ISqlConnection connection, string text, CancellationToken cancellationToken) =>
        Find(connection, text, cancellationToken) ?? throw new ModelNotMeasuredException(VersionText.Shown(text));

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
