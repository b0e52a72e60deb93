namespace Gpux.Cli.Pictures;

/// <summary>Letters of five by seven dots, for the characters from blank to tilde.</summary>
internal static class BitmapFont
{
    public const int Width = 5;
    public const int Height = 7;

    /// <summary>From one letter to the next.</summary>
    public const int Advance = Width + 1;

    // Of each character seven rows; a row is a digit of base 32, its highest bit the leftmost dot.
    private static ReadOnlySpan<byte> Digits =>
        """
        0000000 4444404 AA00000 AAVAVAA 4FKE5U4 OP248J3 CIK8LID 4480000 2488842 8422248 04LEL40 044V440 0000C48 000V000 00000CC 01248G0
        EHJLPHE 4C4444E EH1248V V2421HE 26AIV22 VGU11HE 68GUHHE V124888 EHHEHHE EHHF12C 0CC0CC0 0CC0C48 248G842 00V0V00 8421248 EH12404
        EH1DLLE EHHVHHH UHHUHHU EHGGGHE SIHHHIS VGGUGGV VGGUGGG EHGNHHF HHHVHHH E44444E 72222IC HIKOKIH GGGGGGV HRLLHHH HHPLJHH EHHHHHE
        UHHUGGG EHHHLID UHHUKIH FGGE11U V444444 HHHHHHE HHHHHA4 HHHLLLA HHA4AHH HHHA444 V1248GV E88888E 0G84210 E22222E 4AH0000 000000V
        8420000 00E1FHF GGMPHHU 00EGGHE 11DJHHF 00EHVGE 698S888 0FHHF1E GGMPHHH 40C444E 20622IC GGIKOKI C44444E 00QLLHH 00MPHHH 00EHHHE
        00UHUGG 00DJF11 00MPGGG 00EGE1U 88S8896 00HHHJD 00HHHA4 00HHLLA 00HA4AH 00HHF1E 00V248V 2448442 4444444 8442448 008L200
        """u8;

    /// <summary>Whether a dot of a character is set. Characters outside of ASCII are shown as a question mark.</summary>
    public static bool IsSet(char character, int x, int y)
    {
        if (character is < ' ' or > '~')
            character = '?';
        // Each glyph is seven digits and what separates it from the next, a blank or the end of a line.
        var digit = Digits[(character - ' ') * (Height + 1) + y];
        var row = digit <= '9' ? digit - '0' : digit - 'A' + 10;
        return (row >> (Width - 1 - x) & 1) != 0;
    }
}
