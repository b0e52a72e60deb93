namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>A regular expression as instructions of a backtracking machine.</summary>
/// <param name="code">Operations and their operands, one after the other.</param>
/// <param name="sets">The sets that operations name by index.</param>
/// <param name="registers">How many positions the machine must remember.</param>
/// <param name="first">What a match can start with.</param>
internal sealed class RegexProgram(int[] code, CodePointSet[] sets, int registers, FirstSet first)
{
    public int[] Code { get; } = code;

    public CodePointSet[] Sets { get; } = sets;

    public int Registers { get; } = registers;

    public FirstSet First { get; } = first;
}
