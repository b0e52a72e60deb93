using System.Runtime.InteropServices;
using System.Text;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Strings as ONNX Runtime's C API takes and gives them: UTF-8 that ends in a zero byte.</summary>
internal static unsafe class OrtText
{
    public static string Read(byte* text) => text is null ? "" : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Reads a string that ONNX Runtime allocated with its default allocator, and frees it.</summary>
    public static string Take(byte* text)
    {
        var read = Read(text);
        if (text is not null)
            OrtStatus.Check(OrtApi.AllocatorFree(OrtMemory.DefaultAllocator, text));
        return read;
    }

    /// <exception cref="ArgumentException">A zero character, which would cut the text short.</exception>
    public static byte[] Utf8(string text)
    {
        if (text.Contains('\0'))
            throw new ArgumentException($"'{text.Replace('\0', '?')}' contains a zero character.", nameof(text));
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>A path in the characters of the platform: UTF-16 on Windows, UTF-8 elsewhere.</summary>
    public static byte[] Path(string path) => OperatingSystem.IsWindows() ? Encoding.Unicode.GetBytes(path + '\0') : Utf8(path);
}
