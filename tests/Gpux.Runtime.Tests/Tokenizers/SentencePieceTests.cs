using Gpux.Runtime.Tokenizers;
using Gpux.Runtime.Tokenizers.SentencePiece;
using static Gpux.Runtime.Tests.MadeRepository;

namespace Gpux.Runtime.Tests.Tokenizers;

public sealed class SentencePieceTests
{
    private static readonly string[] Pieces = ["▁he", "▁", "h", "e", "l", "o", "he", "lo", "x"];

    [Theory]
    [InlineData(nameof(SentencePieceKind.Unigram), "  hello   hx  ", "▁he l lo ▁ h x </s>")]
    [InlineData(nameof(SentencePieceKind.Bpe), "  hello   hx  ", "▁he l lo ▁ h x </s>")]
    [InlineData(nameof(SentencePieceKind.Character), "he  ", "▁ h e </s>")]
    [InlineData(nameof(SentencePieceKind.Unigram), "h??e", "▁ h <unk> e </s>")]
    [InlineData(nameof(SentencePieceKind.Unigram), "   ", "</s>")]
    public void Text_is_cut_as_the_library_cuts_it(string kind, string text, string tokens)
    {
        var tokenizer = Load(Class("SpeechT5Tokenizer"), ("spm_char.model", MadeSentencePiece.Of(Enum.Parse<SentencePieceKind>(kind), Pieces).ToArray()));
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode(text).Tokens));
    }

    [Theory]
    [InlineData(true, true, "▁ h e ▁ h </s>")]
    [InlineData(false, true, "h e ▁ h </s>")]
    [InlineData(true, false, "▁ ▁ h e ▁ ▁ h ▁ </s>")]
    public void Spaces_follow_the_model(bool prefix, bool removesExtra, string tokens)
    {
        var model = new MadeSentencePiece { AddDummyPrefix = prefix, RemoveExtraWhitespaces = removesExtra, Kind = SentencePieceKind.Character }.With(Pieces);
        var tokenizer = Load(Class("SpeechT5Tokenizer"), ("spm_char.model", model.ToArray()));
        Assert.Equal(tokens, string.Join(' ', tokenizer.Encode(" he  h ").Tokens));
    }

    [Fact]
    public void Unknown_characters_fall_back_to_bytes()
    {
        var model = new MadeSentencePiece { ByteFallback = true }.With("▁", "a");
        for (var b = 0; b < 256; b++)
            model.Add($"<0x{b:X2}>", 0, PieceType.Byte);
        var tokenizer = Load(Class("SpeechT5Tokenizer"), ("spm_char.model", model.ToArray()));
        var encoding = tokenizer.Encode("aé");
        Assert.Equal(["▁", "a", "<0xC3>", "<0xA9>", "</s>"], encoding.Tokens);
        Assert.Equal("aé</s>", tokenizer.Decode(encoding.Ids).Trim());
    }

    [Fact]
    public void User_defined_piece_is_never_divided()
    {
        var model = new MadeSentencePiece { Kind = SentencePieceKind.Bpe }.With("▁", "h", "e", "he", "l").Add("el", 0, PieceType.UserDefined);
        var tokenizer = Load(Class("SpeechT5Tokenizer"), ("spm_char.model", model.ToArray()));
        Assert.Equal("▁ h el l </s>", string.Join(' ', tokenizer.Encode("hell").Tokens));
    }

    [Theory]
    [InlineData(true, "▁ ▁ h e", "▁ h e")]
    [InlineData(false, "▁ ▁ h e", "▁ h e")]
    public void Llama_puts_a_space_before_text_in_both_of_its_ways(bool legacy, string spaced, string plain)
    {
        var tokenizer = Load(
            Class("LlamaTokenizer", $"\"legacy\":{(legacy ? "true" : "false")},\"add_bos_token\":false"),
            ("tokenizer.model", new MadeSentencePiece { Kind = SentencePieceKind.Bpe }.With("▁", "h", "e").ToArray()));
        Assert.Equal(plain, string.Join(' ', tokenizer.Encode("he").Tokens));
        Assert.Equal(legacy ? spaced : plain, string.Join(' ', tokenizer.Encode(" he").Tokens));
    }

    [Fact]
    public void Fairseq_classes_move_ids_by_one()
    {
        var tokenizer = Load(Class("XLMRobertaTokenizer"), ("sentencepiece.bpe.model", MadeSentencePiece.Of(SentencePieceKind.Unigram, "▁a", "▁b").ToArray()));
        Assert.Equal([0, 4, 5, 2], tokenizer.Encode("a b").Ids);
        Assert.Equal(6, tokenizer.MaskId);
    }

    [Fact]
    public void Pegasus_moves_ids_by_its_offset()
    {
        var model = new MadeSentencePiece().Add("<pad>", 0, PieceType.Control).Add("</s>", 0, PieceType.Control).Add("<unk>", 0, PieceType.Unknown).Add("▁a", -1);
        var bytes = model.ToArray();
        // The unknown piece is the third; the model says so by field 40 of its training options.
        var tokenizer = Load(Class("PegasusTokenizer"), ("spiece.model", [.. bytes, 0x12, 3, 0xC0, 2, 2]));
        Assert.Equal([106, 105, 1], tokenizer.Encode("a q").Ids);
    }

    [Fact]
    public void Damaged_models_are_refused()
    {
        var good = MadeSentencePiece.Of(SentencePieceKind.Unigram, Pieces).ToArray();
        foreach (var bad in (byte[][])[[], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0A, 2, 0x0A, 9], [0x0B], [0x0A, 3, 0x0A, 1, 0xFF], good[..^1]])
            Assert.Throws<InvalidTokenizerException>(() => SentencePieceFile.Read(bad, "spiece.model"));
    }

    [Fact]
    public void Class_that_reads_no_such_model_is_refused_by_name()
    {
        var refusal = Assert.Throws<UnsupportedTokenizerException>(
            () => Load(Class("XyzTokenizer"), ("spiece.model", MadeSentencePiece.Of(SentencePieceKind.Unigram, "a").ToArray())));
        Assert.Contains("XyzTokenizer", refusal.What, StringComparison.Ordinal);
    }
}
