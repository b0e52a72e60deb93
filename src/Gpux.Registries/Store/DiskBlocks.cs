using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gpux.Registries.Store;

/// <summary>What a file really takes of its disk.</summary>
/// <param name="Id">The same for every name of one file: its path where the system tells nothing better.</param>
/// <param name="Bytes">Of the blocks that hold it: fewer than its length where it has holes.</param>
internal readonly partial record struct DiskBlocks(string Id, long Bytes)
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint BasicFields = 0x7ff; // STATX_BASIC_STATS
    private const int BlockBytes = 512;

    // Offsets within struct statx, which is the same on every architecture (linux/stat.h).
    private const int InodeAt = 32;
    private const int BlocksAt = 48;
    private const int DeviceAt = 136;

    /// <param name="path">A link is followed.</param>
    /// <returns>Null if there is no such file.</returns>
    public static DiskBlocks? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            Span<byte> fields = stackalloc byte[256];
            try
            {
                if (StatX(CurrentFolder, path, flags: 0, BasicFields, ref MemoryMarshal.GetReference(fields)) == 0)
                    return new DiskBlocks(
                        $"{BinaryPrimitives.ReadUInt64LittleEndian(fields[DeviceAt..]):x}:{BinaryPrimitives.ReadUInt64LittleEndian(fields[InodeAt..]):x}",
                        BinaryPrimitives.ReadInt64LittleEndian(fields[BlocksAt..]) * BlockBytes);
            }
            catch (EntryPointNotFoundException)
            {
                // A C library without it: lengths, then.
            }
        }
        return StoreFolder.RealPath(path) is { } real ? new DiskBlocks(real, new FileInfo(real).Length) : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte fields);
}
