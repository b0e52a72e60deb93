using System.Globalization;

namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Reads runs of tokens such as &lt;0x0A&gt; as bytes; a run that is no UTF-8 becomes as many U+FFFD.</summary>
internal sealed class ByteFallbackDecoder : Decoder
{
    public override bool Holds(ReadOnlySpan<byte> token) => ByteOf(token) >= 0;

    public override void Decode(TokenTexts texts)
    {
        var run = new List<byte>();
        for (var i = 0; i < texts.Count; i++)
        {
            var value = ByteOf(texts[i]);
            if (value >= 0)
            {
                run.Add((byte)value);
                continue;
            }
            WriteRun(texts, run);
            texts.Write(texts[i]);
            texts.End();
        }
        WriteRun(texts, run);
        texts.Commit();
    }

    private static void WriteRun(TokenTexts texts, List<byte> run)
    {
        if (run.Count == 0)
            return;
        byte[] bytes = [.. run];
        run.Clear();
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            texts.Write(bytes);
            texts.End();
            return;
        }
        for (var i = 0; i < bytes.Length; i++)
        {
            texts.Write("\uFFFD"u8);
            texts.End();
        }
    }

    private static int ByteOf(ReadOnlySpan<byte> token) =>
        token.Length == 6 && token.StartsWith("<0x"u8) && token[5] == '>'
        && byte.TryParse(token[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : -1;
}
