namespace Gpux.Runtime.Tokenizers.PostProcessors;

/// <summary>A text, or tokens that a template adds.</summary>
/// <param name="Sequence">0: the first text; 1: the second; -1: the tokens.</param>
internal sealed record TemplatePart(int Sequence, int TypeId, int[] Ids, string[] Tokens)
{
    public static TemplatePart Text(int sequence, int typeId) => new(sequence, typeId, [], []);

    public static TemplatePart Token(int id, string token, int typeId) => new(-1, typeId, [id], [token]);

    public bool IsText => Sequence >= 0;

    /// <summary>Whether the tokens are left out where what comes before ends with them.</summary>
    public bool OnlyIfMissing { get; init; }
}
