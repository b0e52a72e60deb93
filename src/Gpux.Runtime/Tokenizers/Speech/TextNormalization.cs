namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>How transcripts are made comparable before errors are counted.</summary>
public enum TextNormalization
{
    /// <summary>The text stays as it is.</summary>
    None,

    /// <summary>Lower case, no punctuation, nothing in brackets: for any language.</summary>
    Basic,

    /// <summary>The same without diacritics.</summary>
    BasicWithoutDiacritics,

    /// <summary>English: contractions in full, numbers in digits, American spelling.</summary>
    English,
}
