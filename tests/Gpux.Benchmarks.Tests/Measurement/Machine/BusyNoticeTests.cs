using Gpux.Benchmarks.Measurement.Machine;

namespace Gpux.Benchmarks.Tests.Measurement.Machine;

public sealed class BusyNoticeTests
{
    [Fact]
    public void A_busy_machine_is_told_once_and_as_soon_as_it_is_seen()
    {
        List<string> told = [];
        var notice = new BusyNotice(told.Add);
        notice.Look(new Disturbances { OtherProcesses = 0.09, LoadBefore = 7 });
        notice.Look(new Disturbances());
        Assert.Empty(told);
        notice.Look(new Disturbances { OtherProcesses = 0.62, LoadBefore = 23.18 });
        notice.Look(new Disturbances { OtherProcesses = 0.9 });
        Assert.Equal("note: busy machine: other processes take 62% of the processors (load 23.2). From 10% on results are invalid. Ctrl-C stops.", Assert.Single(told));
    }
}
