using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Attention as torch.nn.MultiheadAttention keeps it: the three projections of the inputs one below the other in one matrix.</summary>
internal static class PackedProjections
{
    /// <summary>Attention of <paramref name="x"/> to other tokens by the tensors "in_proj_weight" and "in_proj_bias" and the module "out_proj".</summary>
    public static Value PackedAttention(this Value x, Value keys, Value values, Value? mask, Weights weights, int heads)
    {
        Value Project(Value of, int part) => of.Linear(weights.Part("in_proj_weight", part, 3), weights.Part("in_proj_bias", part, 3)).SplitHeads(heads);
        return Project(x, 0).Attend(Project(keys, 1), Project(values, 2), mask).Linear(weights["out_proj"]);
    }
}
