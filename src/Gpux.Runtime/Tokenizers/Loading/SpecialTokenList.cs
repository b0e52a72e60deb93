using Gpux.Runtime.Tokenizers.AddedTokens;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The special tokens of a repository: by role, and all of them in the order in which they are added.</summary>
internal sealed class SpecialTokenList(SpecialTokens roles, List<AddedToken> all)
{
    private readonly HashSet<string> _contents = new(all.ConvertAll(token => token.Content), StringComparer.Ordinal);

    public SpecialTokens Roles { get; } = roles;

    public IReadOnlyList<AddedToken> All { get; } = all;

    public bool Contains(string token) => _contents.Contains(token);
}
