using System.Globalization;

namespace Gpux.Bench;

/// <summary>What else the machine is doing: a measurement beside other work says little.</summary>
internal static class Machine
{
    /// <summary>Processes that want a processor, averaged over a minute; null where the system does not say.</summary>
    public static double? Load() => File.Exists("/proc/loadavg")
        ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : null;
}
