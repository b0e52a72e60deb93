using System.Text;

namespace Gpux.Benchmarks.Database;

internal static class StrictUtf8
{
    /// <summary>Refuses half a surrogate pair with an ArgumentException, where the usual encoding would store another text.</summary>
    public static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
