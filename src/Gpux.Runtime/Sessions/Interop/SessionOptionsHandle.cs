using System.Globalization;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>An OrtSessionOptions made from <see cref="SessionOptions"/>.</summary>
internal sealed unsafe class SessionOptionsHandle : OrtHandle
{
    /// <exception cref="SessionOptionException">ONNX Runtime refuses a setting.</exception>
    /// <exception cref="ProviderUnavailableException">The library lacks an execution provider, or cannot start it.</exception>
    public SessionOptionsHandle(SessionOptions options) : base(Create())
    {
        try
        {
            SetThreads(options);
            OrtStatus.Check(OrtApi.SetSessionGraphOptimizationLevel(handle, (int)options.OptimizationLevel));
            OrtStatus.Check(OrtApi.SetSessionExecutionMode(handle, (int)options.ExecutionMode));
            if (!options.MemoryPattern)
                OrtStatus.Check(OrtApi.DisableMemPattern(handle));
            if (!options.CpuArena)
                OrtStatus.Check(OrtApi.DisableCpuMemArena(handle));
            if (options.LogLevel is { } level)
                OrtStatus.Check(OrtApi.SetSessionLogSeverityLevel(handle, (int)level));
            SetPaths(options);
            SetEntries(options);
            foreach (var provider in options.ExecutionProviders)
                ProviderRegistration.Append(provider, handle);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Has ONNX Runtime stop loading as soon as the token is cancelled, until the registration is disposed of.</summary>
    public CancellationTokenRegistration CancelLoadingOn(CancellationToken cancellationToken) => cancellationToken.UnsafeRegister(
        static options => OrtStatus.Check(OrtApi.SessionOptionsSetLoadCancellationFlag(((SessionOptionsHandle)options!).Value, 1)), this); // The state is this.

    private void SetThreads(SessionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.IntraOpThreads, nameof(SessionOptions.IntraOpThreads));
        ArgumentOutOfRangeException.ThrowIfNegative(options.InterOpThreads, nameof(SessionOptions.InterOpThreads));
        // Operators that run one after the other need no pool to run them.
        var forOperators = options.ExecutionMode == ExecutionMode.Parallel ? options.InterOpThreads : 1;
        OrtStatus.Check(OrtApi.SetIntraOpNumThreads(handle, options.IntraOpThreads > 0 ? options.IntraOpThreads : Processors.DefaultThreads));
        OrtStatus.Check(OrtApi.SetInterOpNumThreads(handle, forOperators > 0 ? forOperators : Processors.DefaultThreads));
        if (options.Spin < TimeSpan.Zero || options.Spin.TotalMicroseconds > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(options), options.Spin, $"{nameof(SessionOptions.Spin)} is negative or longer than 35 minutes.");
        var duration = options.Spin.TotalMicroseconds.ToString("0", CultureInfo.InvariantCulture);
        Set("session.intra_op.spin_duration_us", duration);
        Set("session.inter_op.spin_duration_us", duration);
    }

    private void SetPaths(SessionOptions options)
    {
        if (options.OptimizedModelPath is { } optimized)
            fixed (byte* path = OrtText.Path(optimized))
                OrtStatus.Check(OrtApi.SetOptimizedModelFilePath(handle, path));
        if (options.ProfilingPrefix is { } profile)
            fixed (byte* path = OrtText.Path(profile))
                OrtStatus.Check(OrtApi.EnableProfiling(handle, path));
        if (options.ExternalWeightsFolder is { } folder)
            Set("session.model_external_initializers_file_folder_path", folder);
    }

    private void SetEntries(SessionOptions options)
    {
        // On a CPU a sum and its norm as one operator take longer than one after the other: measured six times as long with states
        // 768 wide and 1024 tokens, 5 % of a whole run of DeBERTa-v3-base.
        var isOnCpu = options.ExecutionProviders.IsDefaultOrEmpty || options.ExecutionProviders.All(provider => ExecutionProvider.IsForCpu(provider.Name));
        List<string> disabled = isOnCpu ? ["SkipLayerNormFusion"] : [];
        if (!options.DisabledOptimizers.IsDefault)
            disabled.AddRange(options.DisabledOptimizers);
        if (options.DisablePrepacking)
            Set("session.disable_prepacking", "1");
        if (disabled.Count > 0)
            Set("optimization.disable_specified_optimizers", string.Join(';', disabled));
        if (options.FreeDimensionOverrides is { } overrides)
            foreach (var (name, size) in overrides)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(size, name);
                fixed (byte* text = OrtText.Utf8(name))
                    OrtStatus.Check(OrtApi.AddFreeDimensionOverrideByName(handle, text, size));
            }
        foreach (var (key, value) in options.ConfigEntries)
            Set(key, value);
    }

    private void Set(string key, string value)
    {
        fixed (byte* keyText = OrtText.Utf8(key), valueText = OrtText.Utf8(value))
        {
            var status = OrtApi.AddSessionConfigEntry(handle, keyText, valueText);
            if (status != 0)
                throw new SessionOptionException(key,
                    $"ONNX Runtime refuses the session setting {key} = '{value}': {OrtStatus.Take(status).Message}",
                    "Compare key and value with onnxruntime_session_options_config_keys.h of this version.");
        }
    }

    private static nint Create()
    {
        nint options;
        OrtStatus.Check(OrtApi.CreateSessionOptions(&options));
        return options;
    }

    protected override bool ReleaseHandle()
    {
        OrtApi.ReleaseSessionOptions(handle);
        return true;
    }
}
