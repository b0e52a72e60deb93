namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>Instants as the server's binary form has them: microseconds since 2000-01-01 UTC, the ends of the range being infinite.</summary>
internal static class PostgresTime
{
    private static readonly long Epoch = SqlTime.ToMicroseconds(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <param name="microseconds">Since 1970-01-01 UTC.</param>
    public static long FromUnix(long microseconds) => microseconds - Epoch;

    /// <returns>False for an instant before year 1 or after year 9999.</returns>
    public static bool TryRead(long value, out DateTimeOffset time)
    {
        time = default;
        return value <= long.MaxValue - Epoch && SqlTime.TryFromMicroseconds(value + Epoch, out time);
    }
}
