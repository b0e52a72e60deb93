using Gpux.Bench.Measurement;

namespace Gpux.Bench.Reports;

/// <param name="Peer">Null: there is none to compare with.</param>
/// <param name="PeerName">What was measured, or why nothing was.</param>
internal sealed record Row(string Name, string Unit, Series Ours, Series? Peer, string PeerName)
{
    /// <summary>Ours divided by the peer's: of medians.</summary>
    public double? Ratio => Peer is { Median: not 0 } ? Ours.Median / Peer.Median : null;
}

/// <param name="Load">Of the machine, before the bench began.</param>
internal sealed record Report(string Bench, double? Load, IReadOnlyList<Row> Rows);
