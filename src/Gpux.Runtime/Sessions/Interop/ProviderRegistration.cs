using System.Globalization;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Adds execution providers to session options, by whichever of ONNX Runtime's calls takes them.</summary>
internal static unsafe class ProviderRegistration
{
    /// <summary>A provider that has functions of its own, because the general one of 1.30 does not know it.</summary>
    private sealed record Dedicated(string Name, OrtApiIndex Create, OrtApiIndex Update, OrtApiIndex Append, OrtApiIndex Release);

    private static Dedicated[] DedicatedProviders =>
    [
        new("CUDA", OrtApiIndex.CreateCUDAProviderOptions, OrtApiIndex.UpdateCUDAProviderOptions,
            OrtApiIndex.SessionOptionsAppendExecutionProvider_CUDA_V2, OrtApiIndex.ReleaseCUDAProviderOptions),
        new("Tensorrt", OrtApiIndex.CreateTensorRTProviderOptions, OrtApiIndex.UpdateTensorRTProviderOptions,
            OrtApiIndex.SessionOptionsAppendExecutionProvider_TensorRT_V2, OrtApiIndex.ReleaseTensorRTProviderOptions),
        new("ROCM", OrtApiIndex.CreateROCMProviderOptions, OrtApiIndex.UpdateROCMProviderOptions,
            OrtApiIndex.SessionOptionsAppendExecutionProvider_ROCM, OrtApiIndex.ReleaseROCMProviderOptions),
        new("CANN", OrtApiIndex.CreateCANNProviderOptions, OrtApiIndex.UpdateCANNProviderOptions,
            OrtApiIndex.SessionOptionsAppendExecutionProvider_CANN, OrtApiIndex.ReleaseCANNProviderOptions),
        new("Dnnl", OrtApiIndex.CreateDnnlProviderOptions, OrtApiIndex.UpdateDnnlProviderOptions,
            OrtApiIndex.SessionOptionsAppendExecutionProvider_Dnnl, OrtApiIndex.ReleaseDnnlProviderOptions),
    ];

    /// <exception cref="ProviderUnavailableException">The library lacks the provider, or the provider cannot start.</exception>
    public static void Append(ExecutionProvider provider, nint sessionOptions)
    {
        var available = OnnxRuntimeLibrary.AvailableProviders;
        var builtIn = available.FirstOrDefault(name => ExecutionProvider.AreSame(name, provider.Name));
        if (builtIn is null)
        {
            AppendRegistered(provider, sessionOptions, available);
            return;
        }
        if (OperatingSystem.IsLinux() && ExecutionProvider.AreSame(builtIn, "WebGpu"))
            RequireVulkan(provider.Name);
        var dedicated = Array.Find(DedicatedProviders, candidate => ExecutionProvider.AreSame(candidate.Name, builtIn));
        using var options = new KeyValues(provider.Options);
        nint status;
        if (dedicated is not null)
            status = Append(dedicated, sessionOptions, options);
        else
            fixed (byte* name = OrtText.Utf8(builtIn))
                status = OrtApi.SessionOptionsAppendExecutionProvider(sessionOptions, name, options.Keys, options.Values, options.Count);
        if (status != 0)
            throw CannotStart(provider.Name, OrtStatus.Take(status));
    }

    private static nint Append(Dedicated functions, nint sessionOptions, KeyValues options)
    {
        nint provider;
        var status = OrtApi.CreateProviderOptions(functions.Create, &provider);
        if (status != 0)
            return status;
        status = OrtApi.UpdateProviderOptions(functions.Update, provider, options.Keys, options.Values, options.Count);
        if (status == 0)
            status = OrtApi.AppendProvider(functions.Append, sessionOptions, provider);
        OrtApi.ReleaseProviderOptions(functions.Release, provider);
        return status;
    }

    /// <summary>Adds a provider of a library that was registered with the environment.</summary>
    private static void AppendRegistered(ExecutionProvider provider, nint sessionOptions, IReadOnlyList<string> builtIn)
    {
        nint* devices;
        nuint count;
        OrtStatus.Check(OrtApi.GetEpDevices(OrtEnvironment.Value, &devices, &count));
        var own = new List<nint>();
        var names = new List<string>(builtIn);
        for (nuint i = 0; i < count; i++)
        {
            var name = OrtText.Read(OrtApi.EpDevice_EpName(devices[i]));
            if (ExecutionProvider.AreSame(name, provider.Name))
                own.Add(devices[i]);
            if (!names.Contains(name))
                names.Add(name);
        }
        if (own.Count == 0)
            throw new ProviderUnavailableException(provider.Name,
                $"The execution provider '{provider.Name}' is not in the ONNX Runtime at '{OnnxRuntimeLibrary.Path}', which has: {string.Join(", ", names)}.",
                "Set GPUX_ONNXRUNTIME to the onnxruntime library of a build that has it, or choose another provider.");
        var rest = provider.Options.Where(option => option.Key != "device_id").ToDictionary();
        var position = provider.Options.TryGetValue("device_id", out var id)
            ? int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : -1
            : 0;
        if (position < 0 || position >= own.Count)
            throw new ProviderUnavailableException(provider.Name,
                $"The execution provider '{provider.Name}' has no device '{id}': there are {own.Count}, counted from 0.",
                "Give device_id the number of one of its devices, or leave it out to use the first.");
        using var options = new KeyValues(rest);
        var device = own[position];
        var status = OrtApi.SessionOptionsAppendExecutionProvider_V2(
            sessionOptions, OrtEnvironment.Value, &device, 1, options.Keys, options.Values, options.Count);
        if (status != 0)
            throw CannotStart(provider.Name, OrtStatus.Take(status));
    }

    /// <summary>WebGPU on Linux works through Vulkan; without its loader it says so on the standard error stream, and no more.</summary>
    private static void RequireVulkan(string provider)
    {
        if (!NativeLibrary.TryLoad("libvulkan.so.1", out _))
            throw new ProviderUnavailableException(provider,
                $"The execution provider '{provider}' needs Vulkan, whose loader, libvulkan.so.1, is not installed.",
                "Install the Vulkan loader (libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora) and the driver of your GPU.");
    }

    private static ProviderUnavailableException CannotStart(string provider, OrtError error) => new(provider,
        $"The execution provider '{provider}' cannot start: {SessionErrors.Readable(error.Message)}",
        "Check the driver and libraries that the provider needs (the ONNX Runtime documentation lists them per provider), and its options; "
        + "GPUX_ONNXRUNTIME may name a build of ONNX Runtime with all files of this provider beside it.");

    /// <summary>Two parallel arrays of C strings.</summary>
    private sealed class KeyValues : IDisposable
    {
        private readonly nint _texts;

        public KeyValues(IReadOnlyDictionary<string, string> pairs)
        {
            // One block: the pointers to the keys, those to the values, then the characters of both.
            var texts = pairs.SelectMany(pair => new[] { OrtText.Utf8(pair.Key), OrtText.Utf8(pair.Value) }).ToArray();
            var count = pairs.Count;
            _texts = Marshal.AllocHGlobal(2 * count * sizeof(nint) + texts.Sum(text => text.Length));
            Keys = (byte**)_texts;
            Values = Keys + count;
            Count = (nuint)count;
            var next = (byte*)(Values + count);
            for (var i = 0; i < texts.Length; i++)
            {
                (i % 2 == 0 ? Keys : Values)[i / 2] = next;
                texts[i].CopyTo(new Span<byte>(next, texts[i].Length));
                next += texts[i].Length;
            }
        }

        public byte** Keys { get; }
        public byte** Values { get; }
        public nuint Count { get; }

        public void Dispose() => Marshal.FreeHGlobal(_texts);
    }
}
