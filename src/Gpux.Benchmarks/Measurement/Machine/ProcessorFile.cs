namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>/proc/cpuinfo.</summary>
/// <param name="Flags">All of them; empty if there is no such file.</param>
internal sealed record ProcessorFile(string? Name, string? Vendor, int? Cores, IReadOnlySet<string> Flags)
{
    public static ProcessorFile Read(string path)
    {
        string? name = null, vendor = null, package = "";
        var cores = new HashSet<string>();
        var flags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in SystemFile.Lines(path))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].TrimEnd())
            {
                case "model name": name ??= value; break;
                case "vendor_id": vendor ??= value switch { "GenuineIntel" => "Intel", "AuthenticAMD" => "AMD", _ => value }; break;
                case "CPU implementer": vendor ??= value == "0x41" ? "Arm" : value; break;
                case "CPU part": name ??= $"Arm part {value}"; break;
                case "physical id": package = value; break;
                case "core id": cores.Add($"{package}/{value}"); break;
                case "flags" or "Features" when flags.Count == 0: flags.UnionWith(value.Split(' ', StringSplitOptions.RemoveEmptyEntries)); break;
            }
        }
        return new ProcessorFile(name, vendor, cores.Count > 0 ? cores.Count : null, flags);
    }
}
