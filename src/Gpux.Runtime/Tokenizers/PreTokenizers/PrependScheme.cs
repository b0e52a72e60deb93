namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Where Metaspace puts its character in front of a piece that does not start with it.</summary>
internal enum PrependScheme
{
    /// <summary>Only where a piece starts the original text.</summary>
    First,
    Never,
    Always,
}
