namespace Gpux.Benchmarks.Results;

/// <summary>Whose GPUs an execution provider is for: what a source without a provider says all the same.</summary>
internal static class GpuVendor
{
    /// <returns>As <see cref="HardwarePlatform.Vendor"/> is written; null for a provider of several vendors, and for what is none.</returns>
    public static string? OfProvider(string name) => name.ToLowerInvariant() switch
    {
        "cuda" => "NVIDIA",
        "rocm" => "AMD",
        _ => null,
    };

    /// <summary>Whether a GPU is one of the vendor that a provider is for.</summary>
    public static bool Runs(HardwarePlatform hardware, string provider) => hardware is { Kind: HardwareKind.Gpu, Vendor: { } vendor }
        && vendor.Equals(OfProvider(provider), StringComparison.OrdinalIgnoreCase);
}
