namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Decodes what lies between added tokens run by run, and puts spaces between the runs and those tokens.</summary>
/// <remarks>Source: transformers 4.57.1, PreTrainedTokenizer._decode.</remarks>
/// <param name="alone">The tokens that are no part of a run.</param>
internal sealed class RunDecoder(IReadOnlySet<string> alone, Decoder inner) : Decoder
{
    public override bool Holds(ReadOnlySpan<byte> token) => inner.Holds(token);

    public override void Decode(TokenTexts texts)
    {
        var run = new TokenTexts();
        var some = false;
        for (var i = 0; i < texts.Count; i++)
        {
            if (!alone.Contains(System.Text.Encoding.UTF8.GetString(texts[i])))
            {
                run.Add(texts[i]);
                continue;
            }
            some = EndRun(texts, run, some);
            Write(texts, texts[i], some);
            some = true;
        }
        EndRun(texts, run, some);
        texts.End();
        texts.Commit();
    }

    private bool EndRun(TokenTexts texts, TokenTexts run, bool some)
    {
        if (run.Count == 0)
            return some;
        inner.Decode(run);
        var wrote = !run.Joined.IsEmpty;
        if (wrote)
            Write(texts, run.Joined, some);
        run.Clear();
        return some || wrote;
    }

    private static void Write(TokenTexts texts, ReadOnlySpan<byte> text, bool space)
    {
        if (space)
            texts.Write((byte)' ');
        texts.Write(text);
    }
}
