using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Reads the characters that stand for bytes; what is no UTF-8 then becomes U+FFFD.</summary>
internal sealed class ByteLevelDecoder : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        for (var i = 0; i < texts.Count; i++)
            WriteBytes(texts[i], texts);
        texts.End();
        texts.Commit();
        if (System.Text.Unicode.Utf8.IsValid(texts.Joined))
            return;
        texts.Write(System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(texts.Joined)));
        texts.End();
        texts.Commit();
    }

    /// <summary>Writes a token's bytes; a token with a character that stands for none is taken as it is.</summary>
    public static void WriteBytes(ReadOnlySpan<byte> token, TokenTexts into)
    {
        for (var i = 0; i < token.Length;)
        {
            if (ByteCharacters.ToByte(Utf8.Next(token, ref i)) >= 0)
                continue;
            into.Write(token);
            return;
        }
        for (var i = 0; i < token.Length;)
            into.Write((byte)ByteCharacters.ToByte(Utf8.Next(token, ref i)));
    }
}
