using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Writes every byte as the printable character that stands for it.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override bool KeepsStart => true;

    public override void Normalize(AlignedText text, TextScratch scratch) => WriteBytesAsCharacters(text);

    public static void WriteBytesAsCharacters(AlignedText text)
    {
        var bytes = text.Bytes;
        text.Begin();
        for (var i = 0; i < bytes.Length;)
        {
            for (var (first, end) = (true, i + Utf8.LengthOf(bytes[i])); i < end; i++, first = false)
                text.Emit(ByteCharacters.ToCharacter(bytes[i]), first ? 0 : 1);
        }
        text.Commit();
    }
}
