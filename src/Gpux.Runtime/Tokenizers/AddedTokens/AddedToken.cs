namespace Gpux.Runtime.Tokenizers.AddedTokens;

/// <summary>A token that is found in the text before the model sees it.</summary>
/// <param name="SingleWord">Only where no word character is next to it.</param>
/// <param name="LeftStrip">Takes the white space before it with it.</param>
/// <param name="RightStrip">Takes the white space behind it with it.</param>
/// <param name="Normalized">Looked for in the normalized text, in its own normalized form.</param>
/// <param name="Special">Left out of decoded text on demand.</param>
internal sealed record AddedToken(
    string Content, bool SingleWord = false, bool LeftStrip = false, bool RightStrip = false, bool Normalized = false, bool Special = false);
