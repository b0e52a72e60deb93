namespace Gpux.Runtime.Sessions.Interop;

/// <summary>An OrtRunOptions, by which a run can be ended from another thread.</summary>
internal sealed unsafe class RunOptionsHandle : OrtHandle
{
    public RunOptionsHandle(RunOptions? options) : base(Create())
    {
        if (options is null)
            return;
        try
        {
            if (options.Tag is { } tag)
                fixed (byte* text = OrtText.Utf8(tag))
                    OrtStatus.Check(OrtApi.RunOptionsSetRunTag(handle, text));
            if (options.LogLevel is { } level)
                OrtStatus.Check(OrtApi.RunOptionsSetRunLogSeverityLevel(handle, (int)level));
            foreach (var (key, value) in options.ConfigEntries)
                fixed (byte* keyText = OrtText.Utf8(key), valueText = OrtText.Utf8(value))
                    OrtStatus.Check(OrtApi.AddRunConfigEntry(handle, keyText, valueText));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ends the run, or the next one, at the node it is at.</summary>
    public void Terminate() => OrtStatus.Check(OrtApi.RunOptionsSetTerminate(handle));

    /// <summary>Makes the options usable again after <see cref="Terminate"/>.</summary>
    public void Revive() => OrtStatus.Check(OrtApi.RunOptionsUnsetTerminate(handle));

    /// <summary>Terminates as soon as the token is cancelled, until the registration is disposed of.</summary>
    public CancellationTokenRegistration TerminateOn(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static options => ((RunOptionsHandle)options!).Terminate(), this); // The state is this.

    /// <summary>Has the runs write a profile: a file whose path starts with <paramref name="prefix"/>.</summary>
    public void Record(string prefix)
    {
        fixed (byte* path = OrtText.Path(prefix))
            OrtStatus.Check(OrtApi.RunOptionsEnableProfiling(handle, path));
    }

    /// <summary>Ends what <see cref="Record"/> began.</summary>
    public void EndRecord() => OrtStatus.Check(OrtApi.RunOptionsDisableProfiling(handle));

    private static nint Create()
    {
        nint options;
        OrtStatus.Check(OrtApi.CreateRunOptions(&options));
        return options;
    }

    protected override bool ReleaseHandle()
    {
        OrtApi.ReleaseRunOptions(handle);
        return true;
    }
}
