namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>What a piece is for, numbered as in sentencepiece_model.proto.</summary>
internal enum PieceType : byte
{
    Normal = 1,
    Unknown = 2,

    /// <summary>A token that no text becomes, such as &lt;s&gt;.</summary>
    Control = 3,

    /// <summary>Always one piece, whatever its score.</summary>
    UserDefined = 4,
    Unused = 5,

    /// <summary>&lt;0x00&gt; to &lt;0xFF&gt;.</summary>
    Byte = 6,
}
