using Gpux.Registries.Store;

namespace Gpux.Registries;

/// <summary>Merges what several registries found.</summary>
public static class SearchRanking
{
    // Reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009): registries count popularity in ways that cannot be compared,
    // but each knows its own order.
    private const double Smoothing = 60;

    /// <summary>One list, the best first: by each registry's own order, names that hold all words before others, and what the filters
    /// exclude left out also where a registry ignores them.</summary>
    public static IReadOnlyList<FoundModel> Merge(IReadOnlyList<SearchAnswer> answers, ModelSearch search)
    {
        var words = search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ranked = new List<(FoundModel Model, double Score)>();
        foreach (var answer in answers)
        {
            for (var rank = 0; rank < answer.Models.Count; rank++)
            {
                var model = answer.Models[rank];
                if (Excluded(model, search))
                    continue;
                var score = 1 / (Smoothing + rank);
                var last = model.Model.Name[(model.Model.Name.LastIndexOf('/') + 1)..];
                if (last.Equals(string.Join(' ', words), StringComparison.OrdinalIgnoreCase))
                    score += 1;
                if (Array.TrueForAll(words, word => model.Model.Name.Contains(word, StringComparison.OrdinalIgnoreCase)))
                    score += 0.01;
                ranked.Add((model, score));
            }
        }
        // Stable where scores are equal: the catalog's order.
        return [.. ranked.OrderByDescending(each => each.Score).Select(each => each.Model).DistinctBy(model => model.Model)];
    }

    private static bool Excluded(FoundModel model, ModelSearch search) =>
        (search.Task is { } task && model.Task is { } stated && !stated.Equals(task, StringComparison.OrdinalIgnoreCase))
        || (search.Licence is { } licence && !licence.Equals(model.Licence, StringComparison.OrdinalIgnoreCase))
        || (search.MaximalBytes is { } limit && model.SizeBytes > limit);
}
