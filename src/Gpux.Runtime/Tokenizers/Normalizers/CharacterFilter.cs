using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>Drops characters from a text; the one before a dropped character then stands for both.</summary>
internal ref struct CharacterFilter(AlignedText text)
{
    private int _leading;

    /// <summary>Drops all that have the property.</summary>
    public static void Drop(AlignedText text, CharacterFlags flag)
    {
        var bytes = text.Bytes;
        var i = 0;
        while (i < bytes.Length)
        {
            if (Characters.Has(Utf8.Next(bytes, ref i), flag))
                break;
            if (i == bytes.Length)
                return;
        }
        text.Begin();
        var filter = new CharacterFilter(text);
        for (i = 0; i < bytes.Length;)
        {
            var c = Utf8.Next(bytes, ref i);
            if (Characters.Has(c, flag))
                filter.Drop();
            else
                text.Emit(c, 0);
        }
        filter.Commit();
    }

    public void Drop()
    {
        if (text.HasEmitted)
            text.AdjustLast(-1);
        else
            _leading++;
    }

    public readonly void Commit() => text.Commit(_leading);
}
