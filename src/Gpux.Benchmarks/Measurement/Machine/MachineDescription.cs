using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement.Machine;

/// <summary>What a machine is made of, as far as it decides how fast models run: hardware, system and libraries, not load or clocks.</summary>
public sealed record MachineDescription
{
    // Of the processor's flags those that kernels of matrix products are written for.
    private static readonly string[] FlagsThatMatter =
    [
        "sse4_1", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx_vnni_int8", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
        "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2", "sme",
    ];

    /// <summary>As the processor names itself.</summary>
    public required string Processor { get; init; }

    public string? Vendor { get; init; }

    /// <summary>Such as "X64".</summary>
    public required string Architecture { get; init; }

    /// <summary>Extensions of the instruction set that matter, by the names that Linux has for them.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>Null where the system does not say.</summary>
    public int? Cores { get; init; }

    /// <summary>Processors that this process may use.</summary>
    public required int Processors { get; init; }

    /// <summary>Such as "L1d 32K"; empty where the system does not say.</summary>
    public required IReadOnlyList<string> Caches { get; init; }

    /// <summary>What this process may use.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Of the clock, such as "performance"; null where there is none, as on virtual machines.</summary>
    public string? Governor { get; init; }

    /// <summary>Whether it runs on another machine's hypervisor; null where the system does not say.</summary>
    public bool? IsVirtual { get; init; }

    public required string OperatingSystem { get; init; }
    public required string Kernel { get; init; }

    /// <summary>Graphics cards and other accelerators, with their drivers.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>Names and versions of what computes.</summary>
    public required IReadOnlyList<(string Name, string Version)> Libraries { get; init; }

    /// <summary>64 hexadecimal digits; times may be compared where they are the same.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
    [
        Processor, Vendor ?? "", Architecture, string.Join(' ', Flags), Number(Cores), Number(Processors), string.Join(", ", Caches),
        // Kernels keep more or less of it for themselves.
        Number((int)Math.Round(MemoryBytes / (double)(1L << 30))),
        Governor ?? "", IsVirtual?.ToString() ?? "", OperatingSystem, Kernel, .. Devices, .. Libraries.Select(library => $"{library.Name} {library.Version}"),
    ]))));

    /// <summary>This machine.</summary>
    /// <param name="version">Of this program.</param>
    public static MachineDescription Read(string version) => Read("/", version, NvidiaTool.Cards());

    /// <param name="root">The folder that "/" is, for what is read of the system.</param>
    internal static MachineDescription Read(string root, string version, IReadOnlyList<NvidiaCard> cards)
    {
        var processor = ProcessorFile.Read(Path.Combine(root, "proc/cpuinfo"));
        return new MachineDescription
        {
            Processor = processor.Name ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? $"{RuntimeInformation.ProcessArchitecture} processor",
            Vendor = processor.Vendor,
            Architecture = RuntimeInformation.ProcessArchitecture.ToString(),
            Flags = processor.Flags is { Count: > 0 } flags ? [.. FlagsThatMatter.Where(flags.Contains)] : KnownFlags(),
            Cores = processor.Cores,
            Processors = Environment.ProcessorCount,
            Caches = ReadCaches(Path.Combine(root, "sys/devices/system/cpu/cpu0/cache")),
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            Governor = SystemFile.Text(Path.Combine(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
            IsVirtual = processor.Flags is { Count: > 0 } known ? known.Contains("hypervisor") : null,
            OperatingSystem = SystemName(Path.Combine(root, "etc/os-release")),
            Kernel = Environment.OSVersion.Version.ToString(),
            Devices = [.. cards.Select(card => $"{card.Name}, driver {card.Driver}"), .. OtherDevices(cards.Count > 0)],
            Libraries = [("gpux", version), ("onnxruntime", OnnxRuntimeLibrary.Version), (".NET", Environment.Version.ToString())],
        };
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("processor", Processor);
        json.WriteString("vendor", Vendor);
        json.WriteString("architecture", Architecture);
        Write(json, "flags", Flags);
        if (Cores is { } cores)
            json.WriteNumber("cores", cores);
        json.WriteNumber("processors", Processors);
        Write(json, "caches", Caches);
        json.WriteNumber("memory_bytes", MemoryBytes);
        json.WriteString("governor", Governor);
        if (IsVirtual is { } isVirtual)
            json.WriteBoolean("virtual", isVirtual);
        json.WriteString("operating_system", OperatingSystem);
        json.WriteString("kernel", Kernel);
        Write(json, "devices", Devices);
        json.WriteStartObject("libraries");
        foreach (var (name, library) in Libraries)
            json.WriteString(name, library);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    // What .NET knows by itself, where there is no /proc.
    private static string[] KnownFlags() =>
    [
        .. (ReadOnlySpan<(bool, string)>)
        [
            (Avx.IsSupported, "avx"), (Fma.IsSupported, "fma"), (Avx2.IsSupported, "avx2"), (AvxVnni.IsSupported, "avx_vnni"), (Avx512F.IsSupported, "avx512f"),
            (AdvSimd.IsSupported, "asimd"), (Dp.IsSupported, "asimddp"),
        ] switch { var known => Supported(known) },
    ];

    private static List<string> Supported(ReadOnlySpan<(bool IsSupported, string Name)> flags)
    {
        var names = new List<string>();
        foreach (var (isSupported, name) in flags)
            if (isSupported)
                names.Add(name);
        return names;
    }

    private static string[] ReadCaches(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        return [.. Directory.GetDirectories(folder, "index*").Order(StringComparer.Ordinal).Select(index =>
        {
            var kind = SystemFile.Text(Path.Combine(index, "type")) switch { "Data" => "d", "Instruction" => "i", _ => "" };
            return $"L{SystemFile.Text(Path.Combine(index, "level"))}{kind} {SystemFile.Text(Path.Combine(index, "size"))}";
        })];
    }

    private static string SystemName(string release)
    {
        const string Key = "PRETTY_NAME=";
        return SystemFile.Lines(release).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) is { } line
            ? line[Key.Length..].Trim('"') : RuntimeInformation.OSDescription;
    }

    // As gpux devices lists them; the processor is named above.
    private static IEnumerable<string> OtherDevices(bool hasNvidia) => OnnxRuntimeLibrary.Devices
        .Where(device => device.Hardware.Type != HardwareDeviceType.Cpu && !(hasNvidia && device.Hardware.VendorId == NvidiaTool.VendorId))
        .Select(device => $"{device.Hardware.Vendor} {device.Hardware.Type} {device.Hardware.DeviceId:x4}").Distinct();
}
