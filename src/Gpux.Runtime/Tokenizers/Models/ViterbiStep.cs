namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The best way to a place of a piece.</summary>
/// <param name="Score">The sum of the log probabilities on the way.</param>
/// <param name="Id">The last token.</param>
/// <param name="Start">Where it starts; -1: no way was found yet.</param>
internal readonly record struct ViterbiStep(double Score, int Id, int Start);
