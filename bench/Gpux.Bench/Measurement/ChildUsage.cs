using System.Runtime.InteropServices;

namespace Gpux.Bench.Measurement;

/// <summary>The processor time of programs that this process started and that have ended. Linux only.</summary>
internal static partial class ChildUsage
{
    private const int Children = -1;

    /// <summary>Seconds in user and kernel mode, of all of them so far.</summary>
    public static double Seconds()
    {
        Span<long> usage = stackalloc long[18]; // struct rusage: two timevals, then fourteen counters
        if (getrusage(Children, ref usage[0]) != 0)
            throw new InvalidOperationException("getrusage failed.");
        return usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6);
    }

    [LibraryImport("libc")]
    private static partial int getrusage(int who, ref long usage);
}
