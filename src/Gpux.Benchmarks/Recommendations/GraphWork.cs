using Gpux.Benchmarks.Roofline;
using Gpux.Onnx;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Counts the work of an input in a model's own graph, which says more than the number of its parameters: convolutions use theirs many times,
/// tables are looked up in, and attention grows with the square of the text.</summary>
public static class GraphWork
{
    private const long PictureSide = 224; // of graphs that take any; what most are trained on

    /// <summary>The facts with the operations of an input of so many tokens; unchanged where the graph cannot be counted wholly.</summary>
    /// <param name="tokens">Null: as many as an input has that nothing is said of.</param>
    public static ModelFacts WithWorkOf(this ModelFacts facts, OnnxModel graph, int? tokens = null)
    {
        var length = tokens ?? (int)Math.Min(RooflineTime.UsualInput(facts), facts.ContextLength ?? int.MaxValue);
        if (length < 1)
            return facts;
        var isText = false;
        long? ExtentOf(string symbol)
        {
            bool Has(string word) => symbol.Contains(word, StringComparison.OrdinalIgnoreCase);
            if (Has("batch"))
                return 1;
            if (Has("past") && !symbol.Contains('+', StringComparison.Ordinal))
                return 0;
            if (!Has("seq") && !Has("token"))
                return Has("height") || Has("width") ? PictureSide : null;
            isText = true;
            return length;
        }
        try
        {
            var cost = GraphCost.OfExtents(graph, ExtentOf, facts.Name);
            return cost.Uncounted.Count > 0 || cost.Flop == 0 ? facts : facts with { OperationsPerInput = cost.Flop, CountedTokens = isText ? length : null };
        }
        catch (Exception exception) when (exception is GraphCostException or InvalidOnnxException or OverflowException)
        {
            // The parameters tell enough for an estimate.
            return facts;
        }
    }
}
