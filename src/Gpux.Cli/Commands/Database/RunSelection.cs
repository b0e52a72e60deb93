using System.CommandLine;
using System.Globalization;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

/// <summary>Which runs a command is about: numbers of the database, files, versions of models, or all that agree with some options.</summary>
internal sealed class RunSelection
{
    private readonly Option<string> _path = DatabaseOptions.Path();
    private readonly Option<string?> _model = new("--model") { Description = "Runs of this model only: its name, the end of it, or a reference such as hf:org/name.", HelpName = "name" };
    private readonly Option<string?> _hardware = new("--hardware") { Description = "Runs on this hardware only: a name, a kind (cpu, gpu) or a provider (cuda).", HelpName = "name" };
    private readonly Option<string?> _version = new("--version") { Description = "Runs of this version of the model only: a tag, or @ and an alias.", HelpName = "tag" };
    private readonly Option<string?> _precision = new("--precision") { Description = "Runs in this precision only.", HelpName = "precision" };

    public const string Forms = "numbers of the database, files that --json wrote, or MODEL@VERSION";

    public void AddPathTo(Command command) => command.Add(_path);

    public void AddTo(Command command)
    {
        AddPathTo(command);
        command.Add(_model);
        command.Add(_hardware);
        command.Add(_version);
        command.Add(_precision);
    }

    /// <summary>The runs that are named, or without a name all that agree with the options.</summary>
    /// <param name="takesSamples">Whether raw values are read too.</param>
    /// <exception cref="PlotInputException">There are none.</exception>
    public RunNames Read(Services services, ParseResult parsed, IReadOnlyList<string> sources, bool takesSamples, CancellationToken cancellationToken)
    {
        var filter = new RunFilter
        {
            Model = parsed.GetValue(_model), Hardware = parsed.GetValue(_hardware), VersionTag = parsed.GetValue(_version), Precision = parsed.GetValue(_precision),
        };
        List<(string Name, BenchmarkRun Run)> runs = [];
        if (sources.Count == 0)
        {
            using var store = services.OpenToRead(parsed.GetValue(_path), cancellationToken);
            runs.AddRange(Stored(store, ModelVersionOptions.Names(services).Resolve(store.Connection, filter, cancellationToken), takesSamples, cancellationToken));
        }
        foreach (var source in sources)
            runs.AddRange(Source(services, parsed, source, filter, takesSamples, cancellationToken));
        return runs.Count > 0 ? RunNames.Of([.. runs.Select(run => run.Run)], [.. runs.Select(run => run.Name)])
            : throw new PlotInputException("No run agrees with what was asked for.", "Take an option away, or measure: gpux bench MODEL --save.");
    }

    /// <summary>The runs that one word names.</summary>
    public IReadOnlyList<BenchmarkRun> One(Services services, ParseResult parsed, string source, CancellationToken cancellationToken) =>
        [.. Source(services, parsed, source, new RunFilter(), takesSamples: true, cancellationToken).Select(run => run.Run)];

    /// <param name="also">What they must agree with besides.</param>
    private IEnumerable<(string Name, BenchmarkRun Run)> Source(
        Services services, ParseResult parsed, string source, RunFilter also, bool takesSamples, CancellationToken cancellationToken)
    {
        var names = ModelVersionOptions.Names(services);
        if (File.Exists(source))
        {
            var read = RunJson.Read(source);
            var versions = also.VersionTag is { } version ? Versions(services, parsed, names, [.. read.Select(run => run.Model.Name).Distinct()], version, cancellationToken) : [];
            return read.Select((run, i) => (Name: read.Count == 1 ? Path.GetFileNameWithoutExtension(source) : $"{Path.GetFileNameWithoutExtension(source)} {i + 1}", Run: run))
                .Where(run => Agrees(names, run.Run, also) && (also.VersionTag is null || run.Run.VersionTag is { } tag && tag == versions.GetValueOrDefault(run.Run.Model.Name)));
        }
        if (Directory.Exists(source))
            throw new UsageException($"'{source}' is a folder, where a file of runs was expected.", $"Write {Forms}.");
        var ids = source.Split(',').Select(id => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        var at = source.LastIndexOf('@');
        var filter = ids.All(id => id >= 0) ? new RunFilter { Ids = ids }
            : at > 0 ? new RunFilter { Model = source[..at].TrimEnd('@'), VersionTag = source[(at + 1)..], Verdict = RunVerdict.Valid } // "model@@alias" is one too
            : LooksLikeFile(source) ? throw new UsageException($"There is no file '{source}'.", $"Check its path. Runs are {Forms}.")
            : throw new UsageException($"'{source}' names no runs, and there is no such file.", $"Write {Forms}.");
        using var store = services.OpenToRead(parsed.GetValue(_path), cancellationToken);
        var found = store.Find(names.Resolve(store.Connection, filter, cancellationToken), cancellationToken);
        if (found.Count == 0 || filter.Ids is not null && found.Count != ids.Distinct().Count())
            throw new PlotInputException($"The database has not all the runs of '{source}'.", "See gpux db list.");
        return Stored(store, names.Resolve(store.Connection, also, cancellationToken) with { Ids = [.. found.Select(run => run.Id)] }, takesSamples, cancellationToken);
    }

    private static bool LooksLikeFile(string source) => source.Contains(Path.DirectorySeparatorChar) || Path.GetExtension(source).Length > 1;

    private static IEnumerable<(string, BenchmarkRun)> Stored(BenchmarkStore store, RunFilter filter, bool takesSamples, CancellationToken cancellationToken) =>
        [.. store.Find(filter, cancellationToken).Select(stored => ($"run {stored.Id}", takesSamples ? stored.Run with { Samples = store.Samples(stored.Id, cancellationToken) } : stored.Run))];

    /// <summary>The tag that a version's text means, for each model of a file. Files have tags; what an alias means the database says.</summary>
    /// <exception cref="UsageException">An alias is named, and no database says what it means.</exception>
    private Dictionary<string, string> Versions(Services services, ParseResult parsed, ModelNames names, string[] models, string text, CancellationToken cancellationToken)
    {
        if (!text.StartsWith('@'))
            return models.ToDictionary(model => model, _ => text);
        var path = parsed.GetValue(_path);
        Dictionary<string, string> meant = [];
        if (services.HasDatabase(path))
        {
            using var store = services.OpenToRead(path, cancellationToken);
            foreach (var model in models)
                if (names.AliasedTag(store.Connection, model, text[1..], cancellationToken) is { } tag)
                    meant.Add(model, tag);
        }
        return meant.Count > 0 ? meant : throw new UsageException(
            $"'{text}' is an alias, which files do not know, and {DatabaseOptions.Name(services, path)} has none of that name for {string.Join(", ", models.Select(TerminalText.Safe))}.",
            "Name the version by its tag, or the database that has the alias with --db-path. See: gpux db version-history --model MODEL.");
    }

    // As the database does it, for what comes from files.
    private static bool Agrees(ModelNames names, BenchmarkRun run, RunFilter filter) => (filter.Model is null || names.Means(filter.Model, run.Model.Name))
        && (filter.Precision is null || filter.Precision == run.Workload.Precision)
        && (filter.Hardware is null || run.IsOn(filter.Hardware));
}
