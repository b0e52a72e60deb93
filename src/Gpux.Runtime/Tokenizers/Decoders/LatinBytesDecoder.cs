using System.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Reads tokens of one Latin-1 character as bytes and others as text.</summary>
/// <param name="dropsInvalid">Whether what is no UTF-8 vanishes; else it becomes U+FFFD.</param>
internal sealed class LatinBytesDecoder(bool dropsInvalid) : Decoder
{
    private static readonly System.Text.Encoding Dropping =
        System.Text.Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new DecoderReplacementFallback(""));

    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var text = texts[i];
            var end = 0;
            var c = text.IsEmpty ? -1 : Utf8.Next(text, ref end);
            if (end == text.Length && c is >= 0 and < 256)
                texts.Write((byte)c);
            else
                texts.Write(text);
        }
        texts.End();
        texts.Commit();
        if (System.Text.Unicode.Utf8.IsValid(texts.Joined))
            return;
        var decoded = (dropsInvalid ? Dropping : System.Text.Encoding.UTF8).GetString(texts.Joined);
        texts.Write(System.Text.Encoding.UTF8.GetBytes(decoded));
        texts.End();
        texts.Commit();
    }
}
