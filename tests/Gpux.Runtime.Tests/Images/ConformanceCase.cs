using System.Text.Json;

namespace Gpux.Runtime.Tests.Images;

/// <summary>A recorded case: case.json, and the tensors of its runs.</summary>
internal sealed class ConformanceCase(string folder, JsonElement description)
{
    private readonly Lazy<RecordedTensors> _tensors = new(() => RecordedTensors.Read(Path.Combine(folder, "tensors.safetensors")));

    public string Task { get; } = description.GetProperty("task").GetString()!; // every case has a task
    public double AbsoluteTolerance { get; } = description.GetProperty("tolerance").GetProperty("abs").GetDouble();
    public double RelativeTolerance { get; } = description.GetProperty("tolerance").GetProperty("rel").GetDouble();
    public RecordedTensors Tensors => _tensors.Value;
    public IReadOnlyList<ConformanceRun> Runs { get; } = [.. description.GetProperty("runs").EnumerateArray().Select(run => new ConformanceRun(run))];

    /// <summary>The inputs that the original refuses.</summary>
    public IReadOnlyList<string> Errors { get; } = description.TryGetProperty("errors", out var errors)
        ? [.. errors.EnumerateArray().Select(error => error.GetProperty("file").GetString()!)] // named by every error
        : [];

    public static ConformanceCase Read(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        return new ConformanceCase(folder, document.RootElement.Clone());
    }

    /// <summary>A file of the publisher's repository; null where it has none of this name.</summary>
    public string? RepositoryFile(string name)
    {
        var path = Path.Combine(folder, "repo", name);
        return File.Exists(path) ? path : null;
    }
}

/// <summary>One call of the original.</summary>
internal sealed class ConformanceRun(JsonElement run)
{
    public string Name { get; } = run.GetProperty("name").GetString()!; // every run has a name
    public string? Backend { get; } = run.TryGetProperty("backend", out var backend) ? backend.GetString() : null;
    public IReadOnlyList<string> Files { get; } = Texts(run, "files");
    public IReadOnlyList<string> Outputs { get; } = Texts(run, "outputs");

    /// <summary>Runs whose recordings are right for this one too.</summary>
    public IReadOnlyList<string> AcceptAlso { get; } = Texts(run, "accept_also");

    /// <summary>For decoding: how far a value may lie from the recorded one.</summary>
    public double Tolerance { get; } = run.TryGetProperty("tolerance", out var tolerance) ? tolerance.GetProperty("abs").GetDouble() : 0;

    /// <summary>For pixels: no element further away than this, and at most a share of them outside the case's
    /// tolerance.</summary>
    public (double MaxAbs, double MaxShare)? PixelRule { get; } = run.TryGetProperty("pixel_rule", out var rule)
        ? (rule.GetProperty("max_abs").GetDouble(), rule.GetProperty("max_share").GetDouble())
        : null;

    /// <summary>The tensor of which some elements and statistics are recorded; null where outputs are recorded whole.</summary>
    public string? Sparse { get; } = run.TryGetProperty("sparse", out var sparse) ? sparse.GetString() : null;

    public IReadOnlyList<long> SparseShape { get; } = run.TryGetProperty("shape", out var shape)
        ? [.. shape.EnumerateArray().Select(extent => extent.GetInt64())]
        : [];

    private static IReadOnlyList<string> Texts(JsonElement run, string name) => run.TryGetProperty(name, out var texts)
        ? [.. texts.EnumerateArray().Select(text => text.GetString()!)] // the lists of a run hold texts
        : [];
}
