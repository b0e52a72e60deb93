namespace Gpux.Tests;

/// <summary>A folder for files that a test writes by the million: in memory where the system has such a place. Removed when disposed of.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(
        Directory.Exists(InMemory) ? InMemory : System.IO.Path.GetTempPath(), $"gpux-{System.IO.Path.GetRandomFileName()}")).FullName;

    /// <summary>A path in the folder that nothing else has.</summary>
    public string NewPath() => System.IO.Path.Combine(Path, System.IO.Path.GetRandomFileName());

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
