namespace Gpux.Runtime.Pipelines;

/// <summary>Makes entities of tokens.</summary>
/// <remarks>Source: transformers 5.23, token_classification.py. B- begins an entity, I- and names without prefix continue one.</remarks>
internal sealed class EntityAggregator(PipelineModel model)
{
    public IReadOnlyList<Entity> Aggregate(List<TokenScores> tokens, Aggregation strategy)
    {
        var entities = strategy is Aggregation.None or Aggregation.Simple ? tokens.ConvertAll(OfToken) : OfWords(tokens, strategy);
        return strategy == Aggregation.None ? entities : Group(entities);
    }

    /// <summary>Of entities that overlap, as pieces of a long text give them, the longer, and of equals the surer.</summary>
    public static IReadOnlyList<Entity> MergeOverlapping(IReadOnlyList<Entity> entities)
    {
        var merged = new List<Entity>();
        foreach (var entity in entities.OrderBy(entity => entity.Start)) // equals stay in their order
        {
            if (merged.Count > 0 && merged[^1] is var last && last.Start <= entity.Start && entity.Start < last.End)
            {
                var (length, lastLength) = (entity.End - entity.Start, last.End - last.Start);
                if (length > lastLength || (length == lastLength && entity.Score > last.Score))
                    merged[^1] = entity;
            }
            else
            {
                merged.Add(entity);
            }
        }
        return merged;
    }

    private Entity OfToken(TokenScores token)
    {
        var best = Scores.ArgMax(token.Scores);
        return new Entity(model.Label(best), token.Scores[best], token.Index, token.Word, token.Start, token.End);
    }

    private List<Entity> OfWords(List<TokenScores> tokens, Aggregation strategy)
    {
        var words = new List<Entity>();
        for (var start = 0; start < tokens.Count;)
        {
            var end = start + 1;
            while (end < tokens.Count && tokens[end].IsSubword)
                end++;
            words.Add(OfWord(tokens[start..end], strategy));
            start = end;
        }
        return words;
    }

    private Entity OfWord(List<TokenScores> tokens, Aggregation strategy)
    {
        ReadOnlySpan<float> scores = strategy switch
        {
            Aggregation.First => tokens[0].Scores,
            Aggregation.Max => Surest(tokens).Scores,
            _ => Mean(tokens),
        };
        var best = Scores.ArgMax(scores);
        return new Entity(model.Label(best), scores[best], null, model.Tokenizer.DecodeTokens(tokens.ConvertAll(token => token.Word)), tokens[0].Start, tokens[^1].End);
    }

    private static TokenScores Surest(List<TokenScores> tokens)
    {
        var surest = tokens[0];
        foreach (var token in tokens)
            if (token.Scores[Scores.ArgMax(token.Scores)] > surest.Scores[Scores.ArgMax(surest.Scores)])
                surest = token;
        return surest;
    }

    private static float[] Mean(List<TokenScores> tokens)
    {
        var mean = new float[tokens[0].Scores.Count];
        foreach (var token in tokens)
            for (var i = 0; i < mean.Length; i++)
                mean[i] += token.Scores[i];
        for (var i = 0; i < mean.Length; i++)
            mean[i] /= tokens.Count;
        return mean;
    }

    private List<Entity> Group(List<Entity> entities)
    {
        var groups = new List<Entity>();
        for (var start = 0; start < entities.Count;)
        {
            var end = start + 1;
            while (end < entities.Count && Tag(entities[end].Label) == Tag(entities[end - 1].Label) && !Begins(entities[end].Label))
                end++;
            groups.Add(OfGroup(entities[start..end]));
            start = end;
        }
        return groups;
    }

    private Entity OfGroup(List<Entity> entities)
    {
        var label = entities[0].Label;
        var dash = label.IndexOf('-', StringComparison.Ordinal);
        var score = 0.0;
        foreach (var entity in entities)
            score += entity.Score;
        return new Entity(dash < 0 ? label : label[(dash + 1)..], (float)(score / entities.Count), null,
            model.Tokenizer.DecodeTokens(entities.ConvertAll(entity => entity.Word)), entities[0].Start, entities[^1].End);
    }

    private static bool Begins(string label) => label.StartsWith("B-", StringComparison.Ordinal);

    private static string Tag(string label) => Begins(label) || label.StartsWith("I-", StringComparison.Ordinal) ? label[2..] : label;
}
