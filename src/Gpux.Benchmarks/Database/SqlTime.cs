namespace Gpux.Benchmarks.Database;

/// <summary>Instants as both stores keep them: whole microseconds since 1970-01-01 UTC.</summary>
internal static class SqlTime
{
    private static readonly long MinMicroseconds = ToMicroseconds(DateTimeOffset.MinValue);
    private static readonly long MaxMicroseconds = ToMicroseconds(DateTimeOffset.MaxValue);

    public static long ToMicroseconds(DateTimeOffset time) =>
        // Rounded towards the past on both sides of 1970.
        (time.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);

    /// <returns>False for an instant before year 1 or after year 9999, among them the databases' infinities.</returns>
    public static bool TryFromMicroseconds(long microseconds, out DateTimeOffset time)
    {
        var fits = microseconds >= MinMicroseconds && microseconds <= MaxMicroseconds;
        time = fits ? new DateTimeOffset(DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)) : default;
        return fits;
    }
}
