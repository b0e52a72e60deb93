using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>The rows of a table of relative positions that a text of S tokens needs: int64 [2 S].</summary>
/// <param name="Falling">Of the distances from S down to -(S - 1).</param>
/// <param name="Rising">Of the distances from -S up to S - 1.</param>
internal sealed record RelativeRows(Value Falling, Value Rising)
{
    /// <param name="furthest">Distances beyond it have the row of the furthest.</param>
    /// <param name="row">Of a distance, the query's number less the key's.</param>
    public static RelativeRows Of(GraphBuilder graph, Dim length, int furthest, Func<int, long> row)
    {
        var tokens = graph.Extent(length);
        var numbers = (tokens + tokens).Range(Dim.Unknown); // [2 S]
        return new RelativeRows((tokens - numbers).ByDistance(furthest, row), (numbers - tokens).ByDistance(furthest, row));
    }
}
