namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Enforces <see cref="SessionOptions.RequireGpu"/>.</summary>
/// <remarks>Decided by the profile of the first run. Session_GetEpGraphAssignmentInfo of 1.30 would need no run, but leaves out
/// nodes that execution providers with a layout of their own take, such as WebGPU's, and does not say what a node computes.</remarks>
internal static class Placement
{
    private const string Remedy =
        "Use a variant of the model made for this execution provider, or run without RequireGpu (--require-gpu) to accept the CPU for these.";

    private const int NodesToName = 10;

    /// <exception cref="GpuRequiredException">The options name no execution provider that could be used.</exception>
    /// <exception cref="ArgumentException">The settings contradict each other.</exception>
    public static void Check(SessionOptions options)
    {
        if (!options.RequireGpu)
            return;
        if (options.ProfilingPrefix is not null)
            throw new ArgumentException("RequireGpu needs a profile of the first run, which a session with a ProfilingPrefix cannot give.", nameof(options));
        if (options.ExecutionProviders.IsDefaultOrEmpty || options.ExecutionProviders.All(provider => ExecutionProvider.IsForCpu(provider.Name)))
            throw new GpuRequiredException("A GPU is required, but no execution provider for one is chosen.",
                $"Choose one of this library's: {string.Join(", ", OnnxRuntimeLibrary.AvailableProviders.Where(name => !ExecutionProvider.IsForCpu(name)))}.", []);
    }

    /// <exception cref="GpuRequiredException">Nodes computed on the CPU.</exception>
    public static void Require(ProviderReport report, string model)
    {
        var fallen = report.ComputedOnCpu.ToList();
        if (fallen.Count == 0)
            return;
        var named = fallen.OrderByDescending(node => node.Time).Take(NodesToName).Select(node => $"{node.Name} ({node.Operator})");
        throw new GpuRequiredException(
            $"A GPU is required, but {fallen.Count} of {report.Nodes.Count(node => node.IsCompute)} computing nodes of '{model}' ran on the CPU: "
            + string.Join(", ", named) + (fallen.Count > NodesToName ? ", ..." : "") + ".", Remedy, [.. fallen]);
    }
}
