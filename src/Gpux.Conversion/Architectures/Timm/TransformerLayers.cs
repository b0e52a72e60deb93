using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>The layers that timm's transformers share, by its names. B = batch, N = tokens, D = width.</summary>
internal static class TransformerLayers
{
    // Tables of positions are computed for the whole grid: what is larger is no model, but a damaged configuration.
    private const int LargestGrid = 256;

    /// <summary>Patches of images as tokens, row by row: [B, N, D].</summary>
    public static Value EmbedPatches(this Value images, Weights weights, float epsilon)
    {
        var map = images.ConvolvePatches(weights["proj"]);
        var tokens = map.Reshape(map.Dim(0), map.Dim(1), Dim.Rest).Transpose(0, 2, 1);
        return weights.Has("norm") ? tokens.Norm(weights["norm"], epsilon) : tokens;
    }

    /// <summary>Rows and columns of patches of a model of one image size.</summary>
    public static (int Rows, int Columns) Grid(Weights embedding, (int Height, int Width) image)
    {
        var kernel = embedding.Get("proj.weight");
        if (kernel.Rank != 4 || kernel.Dim(2).Size is not > 0 || kernel.Dim(3).Size is not > 0)
            throw new GraphException("patch_embed.proj", $"{kernel} is no kernel of patches.");
        var (rows, columns) = (image.Height / kernel.Dim(2).Size!.Value, image.Width / kernel.Dim(3).Size!.Value); // checked
        return rows is > 0 and <= LargestGrid && columns is > 0 and <= LargestGrid ? ((int)rows, (int)columns)
            : throw new GraphException("patch_embed.proj", $"An image of {image.Height} x {image.Width} would be {rows} by {columns} patches, of which there may be {LargestGrid} by {LargestGrid}.");
    }

    /// <summary>Layer normalisation or, where there is no shift, division by the root mean square.</summary>
    public static Value Norm(this Value x, Weights weights, float epsilon) =>
        weights.Has("bias") ? x.LayerNorm(weights, epsilon) : x.RmsNorm(weights, epsilon);

    /// <summary>The same, where the checkpoint has such a layer.</summary>
    public static Value NormIfAny(this Value x, Weights weights, string name, float epsilon) => weights.Has(name) ? x.Norm(weights[name], epsilon) : x;

    /// <summary>Query, key and value, [B, heads, N, D / heads] each, of one projection or of three.</summary>
    /// <remarks>BEiT's projection has no bias for keys, which would change nothing: biases of query and value lie apart.</remarks>
    public static (Value Query, Value Key, Value Value) ProjectHeads(this Value x, Weights weights, int heads)
    {
        if (weights.Has("q_proj"))
            return (Split(x.Linear(weights["q_proj"])), Split(x.Linear(weights["k_proj"])), Split(x.Linear(weights["v_proj"])));
        var all = x.Linear(weights["qkv"]);
        var width = all.Dim(2).Size!.Value / 3; // projections have known widths
        var parts = all.Split(axis: 2, width, width, width);
        Value Shifted(Value part, string bias) => weights.Find(bias) is { } shift ? part + shift : part;
        return (Split(Shifted(parts[0], "q_bias")), Split(parts[1]), Split(Shifted(parts[2], "v_bias")));

        Value Split(Value part) => part.Dim(2).Size is { } size && size % heads == 0 ? part.SplitHeads(heads)
            : throw new GraphException("attn", $"The width of {part} is no multiple of {heads} heads.");
    }

    /// <summary>Attention of the module "attn": with normalised queries and keys, and a normalised result, where there are weights for these.</summary>
    /// <param name="bias">Added to the scores: [1, heads, N, N].</param>
    public static Value AttendSelf(this Value x, Weights weights, int heads, float epsilon, Value? bias = null, Func<Value, Value>? rotate = null)
    {
        var (query, key, value) = x.ProjectHeads(weights, heads);
        query = query.NormIfAny(weights, "q_norm", epsilon);
        key = key.NormIfAny(weights, "k_norm", epsilon);
        if (rotate is not null)
            (query, key) = (rotate(query), rotate(key));
        return query.Attend(key, value, bias).NormIfAny(weights, "norm", epsilon).Linear(weights["proj"]);
    }

    /// <summary>The module "mlp": two projections, of which the first may be gated by a third or by its own half.</summary>
    public static Value FeedForward(this Value x, Weights weights, string activation, float epsilon)
    {
        if (weights.Has("fc1_g"))
            return (x.Linear(weights["fc1_g"]).Activate(activation) * x.Linear(weights["fc1_x"])).NormIfAny(weights, "norm", epsilon).Linear(weights["fc2"]);
        var inner = x.Linear(weights["fc1"]);
        var width = weights.Size("fc2.weight", 1);
        if (inner.Dim(-1).Size == 2 * width)
        {
            var halves = inner.Split(axis: -1, width, width);
            inner = halves[0].Activate(activation) * halves[1];
        }
        else
            inner = inner.Activate(activation);
        return inner.NormIfAny(weights, "norm", epsilon).Linear(weights["fc2"]);
    }

    /// <summary>Puts a learned token, [1, 1, D], before those of each image.</summary>
    public static Value Behind(this Value tokens, Value token) =>
        ((Value[])[token.Expand(tokens.Dim(0), 1, token.Dim(2)), tokens]).Concat(axis: 1);

    /// <summary>Scales channels by a vector, where there is one.</summary>
    public static Value Scaled(this Value x, Weights weights, string name) => weights.Find(name) is { } scale ? x * scale : x;

    /// <summary>One vector for each image of its tokens, [B, D]; of "" the tokens themselves.</summary>
    /// <param name="prefix">How many tokens stand before those of patches.</param>
    public static Value PoolTokens(this Value x, string type, int prefix)
    {
        if (type.Length == 0)
            return x;
        if (type == "token")
            return x.At(axis: 1, 0);
        var patches = prefix > 0 ? x.Slice(axis: 1, prefix) : x;
        return type switch
        {
            "avg" => patches.Mean(axis: 1),
            "max" => patches.Max(axis: 1),
            "avgmax" => (patches.Mean(axis: 1) + patches.Max(axis: 1)) * 0.5f,
            _ => throw Convolutions.UnknownPool(type),
        };
    }

    /// <summary>How many numbered modules there are below one; "" for these weights' own.</summary>
    public static int Count(this Weights weights, string name)
    {
        var count = 0;
        while (weights.Has(name.Length == 0 ? $"{count}" : $"{name}.{count}"))
            count++;
        return count;
    }
}
