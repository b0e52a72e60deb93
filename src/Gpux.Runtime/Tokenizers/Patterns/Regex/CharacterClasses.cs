using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>The named sets of regular expressions, in Unicode 16.</summary>
internal static class CharacterClasses
{
    public static CodePointSet WhiteSpace => Flag(CharacterFlags.WhiteSpace);

    /// <summary>Alphabetic, M, Nd, Pc and, unlike in other engines, Latin-1's superscripts and fractions but no joiners.</summary>
    public static CodePointSet Word => Flag(CharacterFlags.Word).Union(LatinNumbers).Intersect(Joiners.Negate());

    private static CodePointSet LatinNumbers => CodePointSet.Of('²', '³', '¹', '¼', '½', '¾');

    private static CodePointSet Joiners => CodePointSet.Range(0x200C, 0x200D);

    /// <summary>Whether <see cref="Word"/> has the character.</summary>
    public static bool IsWord(int c) => Characters.Has(c, CharacterFlags.Word)
        ? c is not (0x200C or 0x200D)
        : c is '²' or '³' or '¹' or '¼' or '½' or '¾';

    public static CodePointSet Digit => Category(c => c == GeneralCategory.Nd);

    public static CodePointSet HexDigit =>
        CodePointSet.Range('0', '9').Union(CodePointSet.Range('a', 'f')).Union(CodePointSet.Range('A', 'F'));

    /// <summary>A general category, a group of them, a script, or one of Oniguruma's names.</summary>
    /// <returns>Null if there is no such property.</returns>
    public static CodePointSet? Property(string name)
    {
        // Names are compared without case, spaces, hyphens and underscores.
        var key = string.Concat(name.Where(c => c is not (' ' or '-' or '_'))).ToLowerInvariant();
        return key switch
        {
            "any" => CodePointSet.All,
            "assigned" => Category(c => c != GeneralCategory.Cn),
            "c" or "other" => Category(c => c is GeneralCategory.Cn or >= GeneralCategory.Cc),
            "l" or "letter" => Category(c => c is >= GeneralCategory.Lu and <= GeneralCategory.Lo),
            "lc" or "casedletter" => Category(c => c is >= GeneralCategory.Lu and <= GeneralCategory.Lt),
            "m" or "mark" or "combiningmark" => Category(c => c is >= GeneralCategory.Mn and <= GeneralCategory.Me),
            "n" or "number" => Category(c => c is >= GeneralCategory.Nd and <= GeneralCategory.No),
            "p" or "punctuation" => Category(c => c is >= GeneralCategory.Pc and <= GeneralCategory.Po),
            "s" or "symbol" => Category(c => c is >= GeneralCategory.Sm and <= GeneralCategory.So),
            "z" or "separator" => Category(c => c is >= GeneralCategory.Zs and <= GeneralCategory.Zp),
            "space" or "whitespace" => WhiteSpace,
            "word" => Word,
            "digit" => Digit,
            "xdigit" => HexDigit,
            "alpha" or "alphabetic" => Alphabetic(),
            "alnum" => Alphabetic().Union(Digit),
            "cntrl" => Category(c => c == GeneralCategory.Cc),
            "blank" => Category(c => c == GeneralCategory.Zs).Union(CodePointSet.Of('\t')),
            "ascii" => CodePointSet.Range(0, 127),
            "punct" => Category(c => c is (>= GeneralCategory.Pc and <= GeneralCategory.Po) or (>= GeneralCategory.Sm and <= GeneralCategory.So)),
            _ => ByCategory(key) ?? ByScript(key),
        };
    }

    private static CodePointSet? ByCategory(string key)
    {
        for (var category = GeneralCategory.Cn; category <= GeneralCategory.Co; category++)
        {
            if (string.Equals(key, category.ToString(), StringComparison.OrdinalIgnoreCase) || key == LongName(category))
                return Category(c => c == category);
        }
        return null;
    }

    private static string LongName(GeneralCategory category) => category switch
    {
        GeneralCategory.Cn => "unassigned",
        GeneralCategory.Lu => "uppercaseletter",
        GeneralCategory.Ll => "lowercaseletter",
        GeneralCategory.Lt => "titlecaseletter",
        GeneralCategory.Lm => "modifierletter",
        GeneralCategory.Lo => "otherletter",
        GeneralCategory.Mn => "nonspacingmark",
        GeneralCategory.Mc => "spacingmark",
        GeneralCategory.Me => "enclosingmark",
        GeneralCategory.Nd => "decimalnumber",
        GeneralCategory.Nl => "letternumber",
        GeneralCategory.No => "othernumber",
        GeneralCategory.Pc => "connectorpunctuation",
        GeneralCategory.Pd => "dashpunctuation",
        GeneralCategory.Ps => "openpunctuation",
        GeneralCategory.Pe => "closepunctuation",
        GeneralCategory.Pi => "initialpunctuation",
        GeneralCategory.Pf => "finalpunctuation",
        GeneralCategory.Po => "otherpunctuation",
        GeneralCategory.Sm => "mathsymbol",
        GeneralCategory.Sc => "currencysymbol",
        GeneralCategory.Sk => "modifiersymbol",
        GeneralCategory.So => "othersymbol",
        GeneralCategory.Zs => "spaceseparator",
        GeneralCategory.Zl => "lineseparator",
        GeneralCategory.Zp => "paragraphseparator",
        GeneralCategory.Cc => "control",
        GeneralCategory.Cf => "format",
        GeneralCategory.Cs => "surrogate",
        _ => "privateuse",
    };

    private static CodePointSet? ByScript(string key)
    {
        var names = UnicodeData.ScriptNames.Split(' ');
        for (var i = 0; i < names.Length; i++)
        {
            if (key.Equals(names[i].Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase))
                return CodePointSet.FromRuns(UnicodeData.Scripts, script => script == i + 1);
        }
        return null;
    }

    private static CodePointSet Alphabetic() => Flag(CharacterFlags.Alphabetic);

    private static CodePointSet Flag(CharacterFlags flag) =>
        CodePointSet.FromRuns(UnicodeData.Properties, flags => ((CharacterFlags)flags & flag) != 0);

    private static CodePointSet Category(Func<GeneralCategory, bool> include) =>
        CodePointSet.FromRuns(UnicodeData.GeneralCategories, category => include((GeneralCategory)category));
}
