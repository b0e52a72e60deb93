using System.Globalization;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>How many processors there are to compute with.</summary>
internal static class Processors
{
    private const string Online = "/sys/devices/system/cpu/online";
    private const string HyperThreading = "/sys/devices/system/cpu/smt/active";

    /// <summary>A thread for each physical core, or for each processor if affinity or a container allows the process fewer. 0, which
    /// leaves the choice to ONNX Runtime, where the system does not say.</summary>
    /// <remarks>ONNX Runtime's own choice does not look at such limits, and pins threads to cores that others may be using.</remarks>
    public static int DefaultThreads
    {
        get
        {
            if (!File.Exists(Online))
                return 0;
            var isLimited = Environment.ProcessorCount < CountOf(File.ReadAllText(Online));
            var isShared = File.Exists(HyperThreading) && File.ReadAllText(HyperThreading).StartsWith('1');
            return isLimited || !isShared ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / 2);
        }
    }

    /// <summary>The size of a set such as 0-3,8-11.</summary>
    internal static int CountOf(string ranges)
    {
        var count = 0;
        foreach (var range in ranges.Split(','))
        {
            var bounds = range.Split('-');
            count += 1 + int.Parse(bounds[^1], CultureInfo.InvariantCulture) - int.Parse(bounds[0], CultureInfo.InvariantCulture);
        }
        return count;
    }
}
