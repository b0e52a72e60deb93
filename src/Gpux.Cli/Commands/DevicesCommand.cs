using System.CommandLine;
using Gpux.Cli.Terminals;
using Gpux.Runtime.Sessions;

namespace Gpux.Cli.Commands;

internal sealed class DevicesCommand(Services services) : GpuxCommand(services, "devices", Summary, "gpux devices", "gpux devices --json")
{
    public const string Summary = "List what models can run on here.";

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var devices = OnnxRuntimeLibrary.Devices;
        var providers = OnnxRuntimeLibrary.AvailableProviders;
        // Some providers, such as WebGPU and CUDA, name no devices of theirs.
        var others = providers.Where(provider => !devices.Any(device => ExecutionProvider.AreSame(device.Provider, provider))).ToArray();
        Terminal.Print(
            output =>
            {
                var table = new Table("provider", "device", "vendor");
                foreach (var device in devices)
                    table.Row(device.Provider, Describe(device.Hardware), device.Hardware.Vendor);
                foreach (var provider in others)
                    table.Row(provider, MissingLibrary(provider) is { } missing ? $"not usable: {missing} is not installed" : "chosen by the provider", "");
                table.Write(Terminal, output);
                output.WriteLine($"ONNX Runtime {OnnxRuntimeLibrary.Version} at {OnnxRuntimeLibrary.Path}");
            },
            json =>
            {
                json.WriteStartObject();
                json.WriteString("onnxruntime", OnnxRuntimeLibrary.Version);
                json.WriteString("library", OnnxRuntimeLibrary.Path);
                json.WriteStartArray("providers");
                foreach (var provider in providers.Where(provider => MissingLibrary(provider) is null))
                    json.WriteStringValue(provider);
                json.WriteEndArray();
                json.WriteStartArray("devices");
                foreach (var device in devices)
                {
                    json.WriteStartObject();
                    json.WriteString("provider", device.Provider);
                    json.WriteString("type", device.Hardware.Type.ToString().ToLowerInvariant());
                    json.WriteString("vendor", device.Hardware.Vendor);
                    json.WriteNumber("vendor_id", device.Hardware.VendorId);
                    json.WriteNumber("device_id", device.Hardware.DeviceId);
                    json.WriteStartObject("metadata");
                    foreach (var (key, value) in device.Hardware.Metadata)
                        json.WriteString(key, value);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            });
        return Task.FromResult(ExitCode.Done);
    }

    // ONNX Runtime keeps some providers in libraries of their own, which it loads when they are asked for.
    private static string? MissingLibrary(string provider)
    {
        foreach (var (name, library) in (ReadOnlySpan<(string, string)>)[("CUDA", "cuda"), ("TensorRT", "tensorrt")])
        {
            var file = OperatingSystem.IsWindows() ? $"onnxruntime_providers_{library}.dll" : $"libonnxruntime_providers_{library}.so";
            if (ExecutionProvider.AreSame(provider, name) && !File.Exists(Path.Combine(Path.GetDirectoryName(OnnxRuntimeLibrary.Path) ?? "", file)))
                return file;
        }
        return null;
    }

    private static string Describe(HardwareDevice device)
    {
        foreach (var (key, value) in device.Metadata)
            if (key is "Description" or "Discrete" && value.Length > 1)
                return $"{device.Type} {value}";
        return device.Type.ToString();
    }
}
