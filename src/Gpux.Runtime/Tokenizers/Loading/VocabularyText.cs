using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>A vocab.txt: a token a line; its number is its id.</summary>
internal static class VocabularyText
{
    public const string FileName = "vocab.txt";

    /// <param name="strips">Whether white space around a token is no part of it.</param>
    public static Vocabulary Read(ReadOnlySpan<byte> file, bool strips = false)
    {
        var vocabulary = new Vocabulary(file.Length / 8);
        try
        {
            for (var id = 0; !file.IsEmpty; id++)
            {
                var line = NextLine(ref file);
                vocabulary.Add(strips ? line.Trim(" \t\r\n"u8) : line, id);
            }
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidTokenizerException(FileName, damage.Message, damage);
        }
        return vocabulary;
    }

    /// <summary>The first line without its end, which is taken off the text.</summary>
    public static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[(end + 1)..];
        return line.EndsWith((byte)'\r') ? line[..^1] : line;
    }
}
