using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gpux.Benchmarks.Results;

/// <summary>Keys of runs that were met. Of each, half of its SHA-256 is kept: ten million of them take some hundred megabytes.</summary>
internal sealed class KeySet
{
    private readonly HashSet<UInt128> _met = [];

    /// <returns>False where it was met before.</returns>
    public bool Add(string key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), digest);
        return _met.Add(BinaryPrimitives.ReadUInt128LittleEndian(digest));
    }
}
