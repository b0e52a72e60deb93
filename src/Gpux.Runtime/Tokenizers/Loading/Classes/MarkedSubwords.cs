using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.Loading.Classes;

/// <summary>Classes that mark parts of words by @@: CTRL, PhoBERT, BERTweet.</summary>
/// <remarks>Source: transformers 4.57.1, CTRLTokenizer, PhobertTokenizer, BertweetTokenizer.</remarks>
internal static class MarkedSubwords
{
    private const string CodesFile = "bpe.codes";
    private const string MergesFile = "merges.txt";
    private static readonly byte[] EndOfWord = "</w>"u8.ToArray();

    public static TokenizerParts Ctrl(RepositoryFiles files, SpecialTokens special) => Read(
        VocabularyJson.Read(files.GetText(VocabularyJson.FileName)), files.GetText(MergesFile), MergesFile, special, new TemplateNames(["$A"], ["$A", "$B"]));

    public static TokenizerParts PhobertOrBertweet(RepositoryFiles files, TokenizerConfig config, SpecialTokens special)
    {
        if (config.Flag("normalization") == true)
            throw new UnsupportedTokenizerException($"a {config.Class} that rewrites tweets");
        var vocabulary = new Vocabulary();
        foreach (var token in (string[])[special.Bos ?? "<s>", special.Pad ?? "<pad>", special.Eos ?? "</s>", special.Unk ?? "<unk>"])
            vocabulary.Add(System.Text.Encoding.UTF8.GetBytes(token), vocabulary.Count);
        ReadOnlySpan<byte> lines = files.GetText(VocabularyText.FileName);
        while (!lines.IsEmpty)
        {
            // Behind the last space stands how often the token was seen.
            var line = VocabularyText.NextLine(ref lines).Trim((byte)' ');
            var space = line.LastIndexOf((byte)' ');
            if (space < 0)
                throw new InvalidTokenizerException(VocabularyText.FileName, "it has a line that is no token and its count");
            if (vocabulary.Find(line[..space]) < 0)
                vocabulary.Add(line[..space], vocabulary.Count);
        }
        vocabulary.Add(System.Text.Encoding.UTF8.GetBytes(special.Mask ?? "<mask>"), vocabulary.Count);
        return Read(vocabulary, files.GetText(CodesFile), CodesFile, special, TemplateNames.Roberta(special.Cls ?? "<s>", special.Sep ?? "</s>"));
    }

    private static TokenizerParts Read(Vocabulary vocabulary, ReadOnlySpan<byte> merges, string mergesFile, SpecialTokens special, TemplateNames template)
    {
        var unknown = vocabulary.Find(System.Text.Encoding.UTF8.GetBytes(special.Unk ?? "<unk>"));
        if (unknown < 0)
            throw new InvalidTokenizerException(VocabularyText.FileName, $"it lacks '{special.Unk}'");
        return new TokenizerParts(new MarkedSubwordModel(vocabulary, Merger(merges, mergesFile), unknown))
        {
            PreTokenizer = new SplitPreTokenizer(RegexPattern.Parse(@"\S+\n?"), SplitBehavior.Removed, invert: true),
            Decoder = new MarkJoinDecoder("@@ "),
            PythonSize = vocabulary.Count,
            Template = template,
        };
    }

    // Cuts by the merges alone: their own symbols are its vocabulary.
    private static BpeModel Merger(ReadOnlySpan<byte> file, string name)
    {
        var symbols = new Vocabulary();
        var table = new MergeTable(file.Length / 8);
        for (var rank = 0; !file.IsEmpty; rank++)
        {
            var line = VocabularyText.NextLine(ref file);
            if (line.IsEmpty || line.StartsWith("#version"u8))
                continue;
            var space = line.IndexOf((byte)' ');
            if (space < 0)
                throw new InvalidTokenizerException(name, $"merge {rank} is no pair of symbols");
            var left = line[..space];
            var right = line[(space + 1)..];
            if (right.IndexOf((byte)' ') is var end and >= 0)
                right = right[..end];
            table.Add(IdOf(symbols, left), IdOf(symbols, right), rank, IdOf(symbols, [.. left, .. right]));
        }
        var options = new BpeOptions(null, [], EndOfWord, FuseUnknown: false, ByteFallback: false, IgnoreMerges: false) { UnknownId = symbols.Count };
        return new BpeModel(symbols, table, options, mergesCrossMetaspace: true);
    }

    private static int IdOf(Vocabulary symbols, ReadOnlySpan<byte> symbol)
    {
        var id = symbols.Find(symbol);
        if (id < 0)
            symbols.Add(symbol, id = symbols.Count);
        return id;
    }
}
