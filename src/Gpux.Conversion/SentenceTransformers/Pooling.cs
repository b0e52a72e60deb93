using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.SentenceTransformers;

/// <summary>Makes one vector of the states of a text's tokens: one mode, or several side by side.</summary>
/// <remarks>Source: sentence-transformers 6.2, Pooling. B = batch, S = tokens, H = hidden size. A repository that leaves prompts out of the
/// pooling (include_prompt is false) has a further input, prompt_length: int64 [B], how many of each row's first tokens are the
/// prompt's.</remarks>
internal static class Pooling
{
    // The order in which the older configurations, with a flag for each mode, put several modes side by side.
    private static readonly (string Flag, string Mode)[] Flags =
    [
        ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len"), ("pooling_mode_weightedmean_tokens", "weightedmean"),
        ("pooling_mode_lasttoken", "lasttoken"),
    ];

    /// <param name="tokens">float [B, S, H].</param>
    /// <param name="attended">int64 [B, S]: 1 for tokens, 0 for padding.</param>
    /// <returns>[B, modes * H].</returns>
    public static Value Apply(Value tokens, Value attended, ModelConfig config)
    {
        if (!config.Bool("include_prompt", absent: true))
            attended = WithoutPrompt(attended);
        var vectors = Modes(config).Select(mode => Pool(tokens, attended, mode, config)).ToArray();
        return vectors.Length == 1 ? vectors[0] : vectors.Concat(axis: -1);
    }

    private static IReadOnlyList<string> Modes(ModelConfig config)
    {
        if (config.Has("pooling_mode"))
            return config.IsText("pooling_mode") ? [config.Text("pooling_mode", "")] : config.Texts("pooling_mode");
        var modes = Flags.Where(flag => config.Bool(flag.Flag, absent: false)).Select(flag => flag.Mode).ToArray();
        return modes.Length > 0 ? modes : ["mean"];
    }

    // Tokens are counted, not places, because padding may come first.
    private static Value WithoutPrompt(Value attended)
    {
        var length = attended.Graph.FindInput("prompt_length") ?? attended.Graph.Input("prompt_length", ElementType.Int64, attended.Dim(0));
        return attended * (attended.CumulativeSum(axis: 1) > length.Unsqueeze(1)).Cast(ElementType.Int64);
    }

    private static Value Pool(Value tokens, Value attended, string mode, ModelConfig config)
    {
        var seen = attended.Cast(ElementType.Float32).Unsqueeze(2); // [B, S, 1]
        switch (mode)
        {
            case "cls": // the first token that is no padding
                return tokens.TokenAt(attended.ArgMax(axis: 1));
            case "lasttoken":
                var numbers = tokens.Graph.Extent(attended.Dim(1)).Range(attended.Dim(1)); // [S]
                return tokens.TokenAt((attended * numbers).ArgMax(axis: 1));
            case "max":
                return (seen > seen.Graph.Scalar(0, ElementType.Float32))
                    .Where(tokens, tokens.Graph.Scalar(float.NegativeInfinity, ElementType.Float32)).Max(axis: 1);
            case "mean":
                return (tokens * seen).Sum(axis: 1) / seen.Sum(axis: 1).Clip(1e-9, null);
            case "mean_sqrt_len" or "mean_sqrt_len_tokens":
                return (tokens * seen).Sum(axis: 1) / seen.Sum(axis: 1).Clip(1e-9, null).Sqrt();
            case "weightedmean": // later tokens weigh more: 1, 2, 3 ... from the first that is no padding
                var weights = attended.CumulativeSum(axis: 1).Cast(ElementType.Float32).Unsqueeze(2) * seen;
                return (tokens * weights).Sum(axis: 1) / weights.Sum(axis: 1).Clip(1e-9, null);
            default:
                throw config.Invalid("pooling_mode", "cls, lasttoken, max, mean, mean_sqrt_len or weightedmean was expected");
        }
    }
}
