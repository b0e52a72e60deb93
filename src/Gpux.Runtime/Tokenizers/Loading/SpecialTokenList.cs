using Gpux.Runtime.Tokenizers.AddedTokens;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The special tokens of a repository: by role, and all of them in the order in which they are added.</summary>
internal sealed record SpecialTokenList(SpecialTokens Roles, List<AddedToken> All);
