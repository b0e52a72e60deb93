using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gpux;

/// <summary>A file that a user names for a result.</summary>
/// <remarks>A regular file is replaced when all is written, so that nobody finds half of it, and keeps who may read it; of a link the file that it points to;
/// what is no regular file, such as /dev/stdout or a named pipe, stays and is written to.</remarks>
public static partial class OutputFile
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint TypeField = 0x1; // STATX_TYPE
    private const int ModeAt = 28; // within struct statx, which is the same on every architecture (linux/stat.h)
    private const int FileType = 0xf000; // S_IFMT
    private const int RegularFile = 0x8000; // S_IFREG
    private const int Folder = 0x4000; // S_IFDIR

    /// <param name="write">Writes all of the content to the path that it is given, where nothing lies yet.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static long Write(string path, Action<string> write) => IsSpecial(path) ? Send(path, write) : Replace(Target(path), write);

    /// <inheritdoc cref="Write"/>
    public static long WriteText(string path, string text) => Write(path, whole => File.WriteAllText(whole, text));

    /// <summary>Whether something is there that is neither a regular file nor a folder: a device, a named pipe, a socket. Links are followed.</summary>
    public static bool IsSpecial(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            Span<byte> fields = stackalloc byte[256];
            try
            {
                if (StatX(CurrentFolder, path, flags: 0, TypeField, ref MemoryMarshal.GetReference(fields)) != 0)
                    return false; // nothing is there
                return (BinaryPrimitives.ReadUInt16LittleEndian(fields[ModeAt..]) & FileType) is not (RegularFile or Folder);
            }
            catch (EntryPointNotFoundException)
            {
                // A C library without it.
            }
        }
        // Windows tells devices; elsewhere they have a folder of their own.
        return File.Exists(path) && (File.GetAttributes(path).HasFlag(FileAttributes.Device) || Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal));
    }

    private static long Replace(string target, Action<string> write)
    {
        var whole = Path.Join(Path.GetDirectoryName(target), $".{Path.GetFileName(target)}.{Path.GetRandomFileName()}");
        try
        {
            write(whole);
            var bytes = new FileInfo(whole).Length;
            if (!OperatingSystem.IsWindows() && File.Exists(target))
                File.SetUnixFileMode(whole, File.GetUnixFileMode(target));
            File.Move(whole, target, overwrite: true);
            return bytes;
        }
        catch
        {
            Forget(whole);
            throw;
        }
    }

    /// <summary>What writes a file may move about in it, which a pipe does not take: it gets the whole.</summary>
    private static long Send(string path, Action<string> write)
    {
        var folder = Directory.CreateTempSubdirectory("gpux-output-");
        try
        {
            var whole = Path.Join(folder.FullName, "content");
            write(whole);
            using var content = File.OpenRead(whole);
            using var output = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            content.CopyTo(output);
            return content.Length;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Target(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
    }

    private static void Forget(string whole)
    {
        try
        {
            File.Delete(whole);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Why it could not be written says more.
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte fields);
}
