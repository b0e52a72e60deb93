namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>Where a class puts spaces around special tokens when it decodes.</summary>
internal enum SpecialSpacing
{
    None,

    /// <summary>Behind each (Marian).</summary>
    Behind,

    /// <summary>Before the text in front of one that follows no other (SpeechT5).</summary>
    BeforeText,
}
