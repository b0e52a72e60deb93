namespace Gpux.Models.Embeddings;

/// <summary>In what numbers embeddings are written.</summary>
/// <remarks>Source: sentence-transformers 6.2, quantize_embeddings.</remarks>
public enum VectorPrecision
{
    Float32,

    /// <summary>A signed byte: which of 256 equal steps between the least and the greatest value that the dimension has in the file,
    /// less 128.</summary>
    Int8,

    /// <summary>The same as an unsigned byte, from 0.</summary>
    UInt8,

    /// <summary>A bit, set for what is greater than 0, the first dimension the highest of each byte; bytes are signed, and 128 less
    /// than those of <see cref="UBinary"/>.</summary>
    Binary,

    /// <summary>The same in unsigned bytes.</summary>
    UBinary,
}

/// <summary>What becomes of embeddings between the model and the file.</summary>
/// <param name="Dimensions">How many of each vector's first numbers are kept, brought to length 1 again; null for all. For models that
/// were trained for it (Matryoshka, arXiv:2205.13147).</param>
/// <param name="Normalize">Whether vectors are brought to length 1 that are not.</param>
public sealed record VectorOptions(VectorPrecision Precision = VectorPrecision.Float32, int? Dimensions = null, bool Normalize = false);
