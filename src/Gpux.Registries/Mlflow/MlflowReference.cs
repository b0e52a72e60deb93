namespace Gpux.Registries.Mlflow;

/// <summary>What a reference means in MLflow's terms.</summary>
internal abstract record MlflowTarget
{
    /// <param name="Choice">Which of the model's versions.</param>
    internal sealed record Registered(string Name, VersionChoice Choice) : MlflowTarget;

    /// <param name="Id">Such as "m-0a1b...".</param>
    internal sealed record Logged(string Id) : MlflowTarget;

    /// <param name="Path">Within the run's artifacts; may be empty.</param>
    internal sealed record Run(string Id, string Path) : MlflowTarget;
}

/// <summary>Which version of a registered model.</summary>
internal abstract record VersionChoice
{
    internal sealed record Number(string Version) : VersionChoice;

    internal sealed record Alias(string Name) : VersionChoice;

    internal sealed record Stage(string Name) : VersionChoice;

    /// <summary>The one with the highest number.</summary>
    internal sealed record Latest : VersionChoice;
}

/// <summary>How references of MLflow are written.</summary>
/// <remarks>
/// Native: models:/name/version, models:/name/stage, models:/name/latest, models:/name@alias, models:/m-hex, runs:/id/path. Canonical:
/// mlflow:name@3, mlflow:name@Production, mlflow:name@champion, mlflow:m-hex, mlflow:runs/id/path. An alias that would be
/// read as a version or a stage is written alias:x.
/// </remarks>
internal static class MlflowReference
{
    private const string AliasMark = "alias:";
    private const string RunsFolder = "runs/";
    private static readonly string[] Stages = ["None", "Staging", "Production", "Archived"];

    /// <exception cref="InvalidReferenceException">The grammar is broken.</exception>
    public static ModelReference Read(string registry, string scheme, string rest)
    {
        var text = $"{scheme}:{rest}";
        var path = scheme is "models" or "runs" ? rest.TrimStart('/') : rest;
        if (scheme == "runs" || path.StartsWith(RunsFolder, StringComparison.Ordinal))
            return ReadRun(registry, text, path.StartsWith(RunsFolder, StringComparison.Ordinal) && scheme != "runs" ? path[RunsFolder.Length..] : path);
        var (name, revision) = (path, (string?)null);
        // A name may have an '@' itself, a revision not.
        if (path.IndexOf('/') is >= 0 and var slash)
            (name, revision) = (path[..slash], Chosen(path[(slash + 1)..]));
        else if (path.LastIndexOf('@') is >= 0 and var at)
            (name, revision) = (path[..at], scheme == "models" ? AsAlias(path[(at + 1)..]) : path[(at + 1)..]);
        if (revision is "")
            throw new InvalidReferenceException(text, "the version, stage or alias after the name is empty");
        if (name.Length == 0 || name.AsSpan().ContainsAny(':', '/') || name.Any(char.IsControl)
            || revision?.AsSpan().Contains('/') == true)
            throw new InvalidReferenceException(
                text, "MLflow's models are written models:/name/version, models:/name@alias, models:/m-id or runs:/run/path, and a name has no '/' or ':'");
        // Else it would be read back as the name's end.
        return new ModelReference(registry, name, revision ?? (name.Contains('@') ? "latest" : null));

        string Chosen(string text) =>
            text.Length > 0 && Choice(text) is VersionChoice.Alias && !IsCommit(text) ? throw new InvalidReferenceException(
                $"{scheme}:{rest}", $"'{text}' is neither a version's number nor a stage; an alias comes after '@'") : text;
    }

    public static MlflowTarget Target(ModelReference model)
    {
        if (model.Name.StartsWith(RunsFolder, StringComparison.Ordinal))
        {
            var parts = model.Name.Split('/', 3);
            return new MlflowTarget.Run(parts[1], parts.Length > 2 ? parts[2] : "");
        }
        if (model.Revision is null && IsLoggedModel(model.Name))
            return new MlflowTarget.Logged(model.Name);
        return new MlflowTarget.Registered(model.Name, Choice(model.Revision));
    }

    private static ModelReference ReadRun(string registry, string text, string path)
    {
        var (run, inside) = path.IndexOf('/') is >= 0 and var slash ? (path[..slash], path[(slash + 1)..].TrimEnd('/')) : (path, "");
        // A path may have an '@' itself; only a commit, as resolved models are written, can be told from it.
        var revision = (string?)null;
        if (path.LastIndexOf('@') is >= 0 and var at && IsCommit(path[(at + 1)..]))
        {
            revision = path[(at + 1)..];
            (run, inside) = inside.Length == 0 ? (run[..at], "") : (run, inside[..^(revision.Length + 1)]);
        }
        if (run.Length == 0 || !run.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new InvalidReferenceException(text, "a run is written runs:/id/path, the id of letters, digits, '-' and '_'");
        if (inside.Length > 0 && RepositoryPath.Problem(inside) is { } rule)
            throw new InvalidReferenceException(text, $"of its path, {rule}");
        return new ModelReference(registry, inside.Length == 0 ? $"{RunsFolder}{run}" : $"{RunsFolder}{run}/{inside}", revision);
    }

    private static VersionChoice Choice(string? revision)
    {
        if (revision is null || revision.Equals("latest", StringComparison.OrdinalIgnoreCase))
            return new VersionChoice.Latest();
        if (revision.StartsWith(AliasMark, StringComparison.Ordinal))
            return new VersionChoice.Alias(revision[AliasMark.Length..]);
        if (revision.Length < 19 && revision.All(char.IsAsciiDigit))
            return new VersionChoice.Number(revision);
        return Array.Find(Stages, stage => stage.Equals(revision, StringComparison.OrdinalIgnoreCase)) is { } known
            ? new VersionChoice.Stage(known) : new VersionChoice.Alias(revision);
    }

    private static string AsAlias(string alias) =>
        alias.Length == 0 || IsCommit(alias) || Choice(alias) is VersionChoice.Alias or VersionChoice.Latest ? alias : AliasMark + alias;

    private static bool IsLoggedModel(string name) =>
        name.Length == 34 && name.StartsWith("m-", StringComparison.Ordinal) && name.AsSpan(2).IndexOfAnyExcept(Hex) < 0;

    private static bool IsCommit(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigit);

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdef");
}
