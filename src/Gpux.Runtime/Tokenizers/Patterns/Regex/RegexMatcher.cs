using System.Buffers;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;
using static Gpux.Runtime.Tokenizers.Patterns.Regex.RegexNode;

namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>Runs a program over one text.</summary>
internal ref struct RegexMatcher
{
    private const int EntrySize = 3; // place, position, and for a loop the position that it may go back to; -1: none
    private const int RestoreRegister = -2; // as the last word: the position belongs to the register in the first
    private const int MaximumStack = 1 << 24;
    private readonly RegexProgram _program;
    private readonly ReadOnlySpan<byte> _text;
    private readonly TextScratch _scratch;
    private readonly int[] _registers;
    private int[] _stack;

    public RegexMatcher(RegexProgram program, ReadOnlySpan<byte> text, TextScratch scratch)
    {
        _program = program;
        _text = text;
        _scratch = scratch;
        _registers = scratch.Registers(program.Registers);
        _stack = ArrayPool<int>.Shared.Rent(64 * EntrySize);
    }

    public readonly void Dispose() => ArrayPool<int>.Shared.Return(_stack);

    /// <summary>Finds the first match that starts at or after <paramref name="from"/>.</summary>
    public bool Search(int from, out int start, out int end)
    {
        var first = _program.First;
        for (start = from; start <= _text.Length; start += start < _text.Length ? Utf8.LengthOf(_text[start]) : 1)
        {
            if (start < _text.Length ? !first.Allows(_text[start]) : !first.Nothing)
                continue;
            end = Run(0, start, 0);
            if (end >= 0)
                return true;
        }
        end = -1;
        return false;
    }

    /// <returns>Where the match ends, or -1.</returns>
    private int Run(int place, int position, int stackBase)
    {
        var code = _program.Code;
        var sets = _program.Sets;
        var text = _text;
        var top = stackBase;
        var steps = 0;
        while (true)
        {
            if (++steps > 1000)
            {
                Spend(steps);
                steps = 0;
            }
            switch (code[place])
            {
                case RegexOperation.Match:
                    Spend(steps);
                    return position;

                case RegexOperation.Character:
                    if (position >= text.Length || !Step(sets[code[place + 1]], text, ref position))
                        goto Fail;
                    place += 2;
                    continue;

                case RegexOperation.Jump:
                    place = code[place + 1];
                    continue;

                case RegexOperation.Split:
                    Push(ref top, code[place + 1], position, -1);
                    place += 2;
                    continue;

                case RegexOperation.Greedy:
                case RegexOperation.Possessive:
                {
                    var set = sets[code[place + 1]];
                    var (minimum, maximum) = (code[place + 2], code[place + 3]);
                    var count = 0;
                    var shortest = position;
                    while (count < maximum && position < text.Length && Step(set, text, ref position))
                    {
                        if (++count == minimum)
                            shortest = position;
                    }
                    steps += count / 8;
                    if (count < minimum)
                        goto Fail;
                    if (count > minimum && code[place] == RegexOperation.Greedy)
                        Push(ref top, place + 4, position, shortest);
                    place += 4;
                    continue;
                }

                case RegexOperation.Look:
                {
                    var start = position;
                    for (var back = code[place + 3]; back > 0 && start >= 0; back--)
                        start = start == 0 ? -1 : Before(text, start);
                    var found = start >= 0 && Run(place + 4, start, top) >= 0;
                    if (found == (code[place + 2] != 0))
                        goto Fail;
                    place = code[place + 1];
                    continue;
                }

                case RegexOperation.Atomic:
                    position = Run(place + 2, position, top);
                    if (position < 0)
                        goto Fail;
                    place = code[place + 1];
                    continue;

                case RegexOperation.Anchor:
                    if (!Holds((AnchorKind)code[place + 1], text, position))
                        goto Fail;
                    place += 2;
                    continue;

                case RegexOperation.Remember:
                    Push(ref top, code[place + 1], _registers[code[place + 1]], RestoreRegister);
                    _registers[code[place + 1]] = position;
                    place += 2;
                    continue;

                case RegexOperation.IfEmpty:
                    place = _registers[code[place + 1]] == position ? code[place + 2] : place + 3;
                    continue;

                case RegexOperation.Dispatch:
                    place = code[place + 1 + (position >= text.Length ? 129 : Math.Min(text[position], (byte)128))];
                    if (place < 0)
                        goto Fail;
                    continue;
            }

        Fail:
            while (true)
            {
                if (top == stackBase)
                {
                    Spend(steps);
                    return -1;
                }
                var entry = _stack.AsSpan(top - EntrySize, EntrySize);
                if (entry[2] == RestoreRegister)
                {
                    _registers[entry[0]] = entry[1];
                    top -= EntrySize;
                    continue;
                }
                place = entry[0];
                position = entry[1];
                if (entry[2] < 0)
                {
                    top -= EntrySize;
                    break;
                }
                // A loop gives back its last character.
                position = Before(text, position);
                entry[1] = position;
                if (position <= entry[2])
                    top -= EntrySize;
                break;
            }
        }
    }

    private static bool Step(CodePointSet set, ReadOnlySpan<byte> text, ref int position)
    {
        int first = text[position];
        if (first < 0x80)
        {
            if (!set.ContainsAscii(first))
                return false;
            position++;
            return true;
        }
        var next = position;
        if (!set.ContainsLong(Utf8.Next(text, ref next)))
            return false;
        position = next;
        return true;
    }

    private static int Before(ReadOnlySpan<byte> text, int position)
    {
        do
            position--;
        while ((text[position] & 0xC0) == 0x80);
        return position;
    }

    private static bool Holds(AnchorKind kind, ReadOnlySpan<byte> text, int position) => kind switch
    {
        // Not after a line end that ends the text.
        AnchorKind.LineStart => position == 0 || (text[position - 1] == '\n' && position < text.Length),
        AnchorKind.LineEnd => position == text.Length || text[position] == '\n',
        AnchorKind.TextStart => position == 0,
        AnchorKind.TextEnd => position == text.Length,
        AnchorKind.TextEndOrLastLineEnd => position == text.Length || (position == text.Length - 1 && text[position] == '\n'),
        AnchorKind.WordBoundary => IsWordBoundary(text, position),
        _ => !IsWordBoundary(text, position),
    };

    private static bool IsWordBoundary(ReadOnlySpan<byte> text, int position)
    {
        var (before, after) = (position, position);
        var left = position > 0 && CharacterClasses.IsWord(Utf8.Previous(text, ref before));
        var right = position < text.Length && CharacterClasses.IsWord(Utf8.Next(text, ref after));
        return left != right;
    }

    private void Push(ref int top, int place, int position, int shortest)
    {
        if (top + EntrySize > _stack.Length)
        {
            if (_stack.Length >= MaximumStack)
                throw new PatternTooSlowException();
            var larger = ArrayPool<int>.Shared.Rent(_stack.Length * 2);
            _stack.CopyTo(larger, 0);
            ArrayPool<int>.Shared.Return(_stack);
            _stack = larger;
        }
        _stack[top] = place;
        _stack[top + 1] = position;
        _stack[top + 2] = shortest;
        top += EntrySize;
    }

    private readonly void Spend(int steps)
    {
        if ((_scratch.RegexBudget -= steps) < 0)
            throw new PatternTooSlowException();
    }
}
