using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Scoring;

/// <summary>The rules by which components become one number: a form, and which revision of its rules. Scores of unlike formulas are not compared.</summary>
/// <param name="Revision">From 1. It grows when the same results come to give another score.</param>
public sealed record ScoreFormula(ScoreForm Form, int Revision)
{
    /// <summary>Where the details of a score have it: as <see cref="ToString"/> writes it.</summary>
    internal const string Property = "formula";

    // Least squares over all workloads that two machines share; the first revision took the workloads that all have in common.
    private const int GeometricRevision = 2;

    /// <summary>The rules of a form that this build follows.</summary>
    public static ScoreFormula Of(ScoreForm form) => new(form, form == ScoreForm.Geometric ? GeometricRevision : 1);

    /// <returns>Null where the details of a score do not say it, as those of GPUX before formulas had revisions.</returns>
    /// <param name="detailsJson">As <see cref="CompatibilityScore.WriteDetails"/> writes them; null for none.</param>
    internal static ScoreFormula? OfDetails(string? detailsJson)
    {
        if (detailsJson is null)
            return null;
        using var details = JsonDocument.Parse(detailsJson);
        return details.RootElement.TryGetProperty(Property, out var formula) && formula.GetString()?.Split(' ') is [var form, var revision]
            ? new ScoreFormula(Names.Parse<ScoreForm>(form), int.Parse(revision, NumberStyles.None, CultureInfo.InvariantCulture)) : null;
    }

    /// <returns>Such as "geometric 2".</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Names.Of(Form)} {Revision}");
}
