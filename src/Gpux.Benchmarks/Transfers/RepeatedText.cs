using System.Text;

namespace Gpux.Benchmarks.Transfers;

/// <summary>The text that a column last had. Columns repeat themselves, and a million runs on one machine need its name once.</summary>
internal sealed class RepeatedText
{
    // What is longer is rarely there twice, and would stay in memory.
    private const int MaxBytes = 256;

    private readonly byte[] _bytes = new byte[MaxBytes];
    private int _length;
    private string _text = "";

    /// <param name="utf8">Without what stands for other characters.</param>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
            return Encoding.UTF8.GetString(utf8);
        if (!utf8.SequenceEqual(_bytes.AsSpan(0, _length)))
        {
            utf8.CopyTo(_bytes);
            (_length, _text) = (utf8.Length, Encoding.UTF8.GetString(utf8));
        }
        return _text;
    }
}
