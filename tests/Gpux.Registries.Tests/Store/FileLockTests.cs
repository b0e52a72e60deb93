using System.Diagnostics;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Store;

public sealed class FileLockTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-lock-").FullName;
    private string LockFile => Path.Combine(_folder, "locks", "a.lock");
    private StoreFolder Folder => new(_folder, "GPUX_HOME");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void One_holder_excludes_others_and_sharers_share()
    {
        using (var alone = FileLock.TryAcquire(Folder, LockFile))
        {
            Assert.NotNull(alone);
            Assert.Null(FileLock.TryAcquire(Folder, LockFile));
            Assert.Null(FileLock.TryAcquire(Folder, LockFile, shared: true));
        }
        using var one = FileLock.TryAcquire(Folder, LockFile, shared: true);
        using var two = FileLock.TryAcquire(Folder, LockFile, shared: true);
        Assert.True(one is not null && two is not null);
        Assert.Null(FileLock.TryAcquire(Folder, LockFile));
    }

    // The Hub's Python client locks with flock(2), as this tool does.
    [Fact]
    public async Task Lock_is_that_of_flock()
    {
        using (FileLock.TryAcquire(Folder, LockFile))
            Assert.Equal(1, await FlockAsync("-n", LockFile, "true"));
        Assert.Equal(0, await FlockAsync("-n", LockFile, "true"));

        using var holder = Process.Start(new ProcessStartInfo("flock", [LockFile, "sh", "-c", "echo held; read line"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!; // Null only for shell-executed documents
        await holder.StandardOutput.ReadLineAsync();
        Assert.Null(FileLock.TryAcquire(Folder, LockFile));
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        using var free = FileLock.TryAcquire(Folder, LockFile);
        Assert.NotNull(free);
    }

    [Fact]
    public async Task Waiting_ends_with_the_holder_and_tells_once()
    {
        var holder = FileLock.TryAcquire(Folder, LockFile)!; // Nobody else has it
        var told = 0;
        var waiting = FileLock.AcquireAsync(Folder, LockFile, shared: false, TimeProvider.System, () =>
            told++, CancellationToken.None);
        await Task.Delay(150);
        Assert.False(waiting.IsCompleted);
        holder.Dispose();
        (await waiting).Dispose();
        Assert.Equal(1, told);
    }

    private static async Task<int> FlockAsync(params string[] arguments)
    {
        using var process = Process.Start("flock", arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
