namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>The normalization forms of UAX #15.</summary>
internal enum UnicodeForm
{
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}
