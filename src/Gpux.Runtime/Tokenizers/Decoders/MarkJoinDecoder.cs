namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Puts spaces between tokens and takes those out that stand beside a mark, with the mark.</summary>
/// <param name="mark">With its space: "@@ " behind a part of a word, " ##" before it.</param>
internal sealed class MarkJoinDecoder(string mark) : Decoder
{
    public override void Decode(TokenTexts texts)
    {
        var joined = new System.Text.StringBuilder();
        for (var i = 0; i < texts.Count; i++)
            joined.Append(i > 0 ? " " : "").Append(System.Text.Encoding.UTF8.GetString(texts[i]));
        var text = PythonText.Strip(joined.Replace(mark, "").ToString());
        texts.Write(System.Text.Encoding.UTF8.GetBytes(text));
        texts.End();
        texts.Commit();
    }
}
