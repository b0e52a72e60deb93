using System.Text;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Lower case, character by character: no rule looks at its neighbours.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override bool KeepsStart => true;

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.InPlace();
        if (Ascii.IsValid(bytes))
        {
            Ascii.ToLowerInPlace(bytes, out _);
            return;
        }
        text.Begin();
        for (var i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            if (c == CaseMapping.CapitalIWithDot)
            {
                text.Emit('i', 0);
                text.Emit(CaseMapping.CombiningDotAbove, 1);
                continue;
            }
            text.Emit(CaseMapping.ToLower(c), 0);
        }
        text.Commit();
    }
}
