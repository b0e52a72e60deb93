using System.CommandLine;
using System.Globalization;
using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Versions;
using Gpux.Registries;

namespace Gpux.Cli.Commands.Database;

/// <summary>Options that say which model, version and score are meant, and what opens for them.</summary>
internal static class ModelVersionOptions
{
    private const string Arithmetic = "arithmetic";
    private const string Geometric = "geometric";

    public static Option<string> Model(bool required = true) => new("--model")
    {
        Description = required ? "Its name in the database, or a reference such as hf:org/name." : "Its name in the database, or a reference such as hf:org/name. Default: all.",
        Required = required, HelpName = "name",
    };

    /// <param name="name">Such as "--version".</param>
    public static Option<string> Version(string name, string description = "The version's tag, or @ and an alias of it.") =>
        new(name) { Description = description, Required = true, HelpName = "tag" };

    public static Option<string> Score()
    {
        var option = new Option<string>("--score")
        {
            Description = $"{Arithmetic}: the weighted mean; {Geometric}: an order that no further machine changes. Default: {Arithmetic}.", HelpName = "form",
            DefaultValueFactory = _ => Arithmetic,
        };
        option.AcceptOnlyFromAmong(Arithmetic, Geometric);
        return option;
    }

    public static ScoreOptions Options(string? score) => new() { Form = score == Geometric ? ScoreForm.Geometric : ScoreForm.Arithmetic };

    public static ModelRegistryIntegration Integration(Services services, BenchmarkStore store) => new(store, Forms(services));

    /// <param name="store">Null for none.</param>
    public static HardwareRecommender Recommender(Services services, BenchmarkStore? store) => new(store?.Connection, Forms(services));

    public static VersionControlSystem Versions(Services services, BenchmarkStore store) => new(store, services.Library.Store, Forms(services))
    {
        MlflowServer = Uri.TryCreate(services.Environment.Variable("MLFLOW_TRACKING_URI"), UriKind.Absolute, out var server) ? server : null,
    };

    /// <summary>Reads "1,2,3" and "1 2 3".</summary>
    /// <exception cref="UsageException">Something else.</exception>
    public static long[] ReadIds(string option, IEnumerable<string> texts)
    {
        List<long> ids = [];
        foreach (var part in texts.SelectMany(text => text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)))
        {
            ids.Add(long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
                : throw new UsageException($"{option} has '{part}', where the number of a result was expected.", $"Write numbers and commas: {option} 1,2,3. See: gpux db list."));
        }
        return ids.Count > 0 ? [.. ids] : throw new UsageException($"{option} names no result.", $"Write numbers and commas: {option} 1,2,3. See: gpux db list.");
    }

    /// <summary>How the database calls what a user names.</summary>
    public static ModelNames Names(Services services) => new(Forms(services));

    private static ReferenceForms Forms(Services services) => new(RegistryCatalog.For(services.Environment));
}
