namespace Gpux.Registries.Archives;

/// <summary>How much an archive may unpack to. A few kilobytes can claim to be petabytes.</summary>
/// <param name="archive">What errors call it.</param>
internal sealed class UnpackingBudget(string archive, long archiveBytes)
{
    /// <summary>Far more than the largest sharded model has; each costs a file of the disk's.</summary>
    public const int Members = 100_000;

    /// <summary>Far more than any model's folders need; some systems end at 260 characters.</summary>
    public const int Depth = 32;

    // Weights shrink by a half at best, and texts by ten: a hundredfold is no model's. Deflate could do a thousandfold. A small archive may
    // still hold a table of zeros, so nothing below 1 GiB is refused.
    private const long Ratio = 100;
    private const long Floor = 1L << 30;

    private readonly long _limit = Math.Max(Floor, Ratio * archiveBytes);
    private long _bytes;
    private int _members;

    /// <exception cref="ArchiveTooLargeException">There are too many.</exception>
    public void AddMember()
    {
        if (++_members > Members)
            throw new ArchiveTooLargeException(archive, $"{Members:N0} members");
    }

    /// <exception cref="ArchiveTooLargeException">They come to too many.</exception>
    public void AddBytes(long bytes)
    {
        Require(bytes);
        _bytes += bytes;
    }

    /// <exception cref="ArchiveTooLargeException">So many more would be too many.</exception>
    public void Require(long bytes)
    {
        if (bytes > _limit - _bytes)
            throw new ArchiveTooLargeException(archive,
                $"{_limit:N0} bytes, which is the limit for an archive of {archiveBytes:N0}");
    }
}
