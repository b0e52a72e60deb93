using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Layers with weights, in the form that is fastest on the target. Weights are used as they lie, never transposed.</summary>
internal static class Projections
{
    /// <summary>x W^T + b with the weight as [out, in] (torch.nn.Linear); the bias is optional.</summary>
    public static Value Linear(this Value x, Weights weights) => x.Linear(weights.Get("weight"), weights.Find("bias"));

    /// <summary>x W^T + b with the weight as [out, in].</summary>
    public static Value Linear(this Value x, Value weight, Value? bias)
    {
        // What depends on weights alone ONNX Runtime computes when it loads the graph, if the operator is one of ai.onnx: Microsoft's
        // would run every time.
        if (x.Graph.Target == GraphTarget.Cpu && !x.IsConstant)
            return x.MatMulTransposed(weight) is var product && bias is null ? product : product + bias;
        return x.OnRows(rows => rows.Gemm(weight, bias, transposed: true));
    }

    /// <summary>x W + b with the weight as [in, out], GPT-2's Conv1D.</summary>
    public static Value LinearInOut(this Value x, Weights weights)
    {
        var (weight, bias) = (weights.Get("weight"), weights.Find("bias"));
        if (x.Graph.Target == GraphTarget.Cpu)
            return x.MatMul(weight) is var product && bias is null ? product : product + bias;
        return x.OnRows(rows => rows.Gemm(weight, bias, transposed: false));
    }

    /// <summary>Rows of a table by number. A table in half precision stays so, and only the rows are widened.</summary>
    public static Value Embedding(this Value ids, Weights weights) =>
        weights.Stored("weight").Gather(ids).Cast(ElementType.Float32);

    /// <summary>Layer normalisation by a module's weight and bias, or gamma and beta as first checkpoints called them.</summary>
    public static Value LayerNorm(this Value x, Weights weights, float epsilon) =>
        x.LayerNormalization(weights.Get("weight", "gamma"), weights.Find("bias") ?? weights.Find("beta"), epsilon);

    /// <summary>Divides the last axis by its root mean square (arXiv:1910.07467), and scales it by a module's weight.</summary>
    public static Value RmsNorm(this Value x, Weights weights, float epsilon) =>
        x / (x.Power(2).Mean(axis: -1, keep: true) + epsilon).Sqrt() * weights.Get("weight");

    // Gemm takes matrices: all leading axes become one, and come back.
    private static Value OnRows(this Value x, Func<Value, Value> multiply)
    {
        if (x.Rank == 2)
            return multiply(x);
        var product = multiply(x.Reshape(Dim.Rest, x.Dim(-1)));
        return product.Reshape([.. x.Dims.SkipLast(1), product.Dim(1)]);
    }
}
