using System.Text;

namespace Gpux.Registries.Archives;

/// <summary>Names in archives. What is not UTF-8 is refused: two readers would make two names of it.</summary>
internal static class MemberText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="InvalidDataException">It is not UTF-8.</exception>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException("a name is not UTF-8", exception);
        }
    }
}
