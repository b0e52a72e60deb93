using static Gpux.Runtime.Tokenizers.Patterns.Regex.RegexNode;

namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>Turns a parsed expression into instructions.</summary>
internal sealed class RegexCompiler
{
    private const int MaximumCode = 100_000;
    private const int AsciiCount = 128;
    private const int OtherEntry = 128;
    private const int EndEntry = 129;
    private readonly List<int> _code = [];
    private readonly List<CodePointSet> _sets = [];
    private readonly List<int> _loops = []; // places of Greedy
    private int _registers;

    /// <exception cref="RegexSyntaxException">The expression uses what this engine lacks.</exception>
    public static RegexProgram Compile(RegexNode node)
    {
        var compiler = new RegexCompiler();
        compiler.Emit(node);
        compiler.Add(RegexOperation.Match);
        compiler.ForgetWhatCannotFail();
        return new RegexProgram([.. compiler._code], [.. compiler._sets], compiler._registers, FirstSet.Of(node));
    }

    // A loop that a match follows never has to give characters back.
    private void ForgetWhatCannotFail()
    {
        foreach (var place in _loops)
        {
            var next = place + 4;
            while (_code[next] == RegexOperation.Jump)
                next = _code[next + 1];
            if (_code[next] == RegexOperation.Match)
                _code[place] = RegexOperation.Possessive;
        }
    }

    private void Add(params ReadOnlySpan<int> words)
    {
        if (_code.Count + words.Length > MaximumCode)
            throw new RegexSyntaxException("it is too large when repetitions are written out");
        foreach (var word in words)
            _code.Add(word);
    }

    private int AddSet(CodePointSet set)
    {
        _sets.Add(set);
        return _sets.Count - 1;
    }

    private void Emit(RegexNode node)
    {
        switch (node)
        {
            case Set set:
                Add(RegexOperation.Character, AddSet(set.Characters));
                break;
            case Sequence sequence:
                foreach (var part in sequence.Parts)
                    Emit(part);
                break;
            case Alternation alternation:
                EmitAlternation(alternation);
                break;
            case Repeat repeat:
                EmitRepeat(repeat);
                break;
            case Atomic atomic:
                EmitAtomic(atomic.Body);
                break;
            case Look look:
                EmitLook(look);
                break;
            case Anchor anchor:
                Add(RegexOperation.Anchor, (int)anchor.Kind);
                break;
        }
    }

    // The next character decides which alternatives are worth a try; usually one is left and nothing is remembered.
    private void EmitAlternation(Alternation alternation)
    {
        var alternatives = alternation.Alternatives;
        if (alternatives.Count > 64)
        {
            EmitChain(alternatives);
            return;
        }
        var firsts = new FirstSet[alternatives.Count];
        for (var i = 0; i < firsts.Length; i++)
            firsts[i] = FirstSet.Of(alternatives[i]);
        Add(RegexOperation.Dispatch);
        var table = _code.Count;
        Add(new int[EndEntry + 1]);
        var ends = new List<int>(); // jumps to behind the alternation
        var starts = new int[alternatives.Count];
        for (var i = 0; i < alternatives.Count; i++)
        {
            starts[i] = _code.Count;
            Emit(alternatives[i]);
            Add(RegexOperation.Jump, 0);
            ends.Add(_code.Count - 1);
        }
        var chains = new Dictionary<ulong, int> { [0] = -1 };
        for (var entry = 0; entry <= EndEntry; entry++)
        {
            ulong possible = 0;
            for (var i = 0; i < firsts.Length; i++)
            {
                var allowed = firsts[i].Nothing || (entry < AsciiCount ? firsts[i].Allows(entry) : entry == OtherEntry && firsts[i].Other);
                possible |= allowed ? 1UL << i : 0;
            }
            if (!chains.TryGetValue(possible, out var chain))
            {
                chain = _code.Count;
                chains.Add(possible, chain);
                for (var i = 0; i < firsts.Length; i++)
                {
                    if ((possible >> i & 1) == 0)
                        continue;
                    var last = possible >> i == 1;
                    if (!last)
                        Add(RegexOperation.Split, _code.Count + 4);
                    Add(RegexOperation.Jump, starts[i]);
                }
            }
            _code[table + entry] = chain;
        }
        foreach (var end in ends)
            _code[end] = _code.Count;
    }

    private void EmitChain(IReadOnlyList<RegexNode> alternatives)
    {
        var ends = new List<int>();
        for (var i = 0; i < alternatives.Count - 1; i++)
        {
            Add(RegexOperation.Split, 0);
            var split = _code.Count - 1;
            Emit(alternatives[i]);
            Add(RegexOperation.Jump, 0);
            ends.Add(_code.Count - 1);
            _code[split] = _code.Count;
        }
        Emit(alternatives[^1]);
        foreach (var end in ends)
            _code[end] = _code.Count;
    }

    private void EmitRepeat(Repeat repeat)
    {
        if (repeat.Kind == RepeatKind.Possessive && repeat.Body is not Set)
        {
            EmitAtomic(repeat with { Kind = RepeatKind.Greedy });
            return;
        }
        if (repeat.Body is Set set && repeat.Kind != RepeatKind.Lazy)
        {
            if (repeat.Kind == RepeatKind.Greedy)
                _loops.Add(_code.Count);
            Add(repeat.Kind == RepeatKind.Greedy ? RegexOperation.Greedy : RegexOperation.Possessive,
                AddSet(set.Characters), repeat.Minimum, repeat.Maximum < 0 ? int.MaxValue : repeat.Maximum);
            return;
        }
        for (var i = 0; i < repeat.Minimum; i++)
            Emit(repeat.Body);
        var lazy = repeat.Kind == RepeatKind.Lazy;
        if (repeat.Maximum >= 0)
        {
            var exits = new List<int>();
            for (var i = repeat.Minimum; i < repeat.Maximum; i++)
            {
                exits.Add(EmitChoice(lazy));
                Emit(repeat.Body);
            }
            foreach (var exit in exits)
                _code[exit] = _code.Count;
            return;
        }
        var start = _code.Count;
        var leave = EmitChoice(lazy);
        var register = -1;
        if (FirstSet.Of(repeat.Body).Nothing)
        {
            register = _registers++;
            Add(RegexOperation.Remember, register);
        }
        Emit(repeat.Body);
        if (register >= 0)
            Add(RegexOperation.IfEmpty, register, _code.Count + 5);
        Add(RegexOperation.Jump, start);
        _code[leave] = _code.Count;
    }

    /// <summary>Emits "go on or leave" and returns where the target of leaving belongs.</summary>
    private int EmitChoice(bool lazy)
    {
        if (!lazy)
        {
            Add(RegexOperation.Split, 0);
            return _code.Count - 1;
        }
        // Leaving comes first: a split to what follows the jump out.
        Add(RegexOperation.Split, _code.Count + 4, RegexOperation.Jump, 0);
        return _code.Count - 1;
    }

    private void EmitAtomic(RegexNode body)
    {
        Add(RegexOperation.Atomic, 0);
        var end = _code.Count - 1;
        Emit(body);
        Add(RegexOperation.Match);
        _code[end] = _code.Count;
    }

    private void EmitLook(Look look)
    {
        if (!look.Behind)
        {
            EmitLook(look.Body, look.Negated, 0);
            return;
        }
        // Alternatives may differ in length. "Not behind" is a negated look for each; "behind" tries one after the other.
        var alternatives = look.Body is Alternation alternation ? alternation.Alternatives : [look.Body];
        var ends = new List<int>();
        for (var i = 0; i < alternatives.Count; i++)
        {
            var length = LengthOf(alternatives[i]) ?? throw new RegexSyntaxException("a look-behind has no fixed length");
            var last = i == alternatives.Count - 1;
            var split = -1;
            if (!look.Negated && !last)
            {
                Add(RegexOperation.Split, 0);
                split = _code.Count - 1;
            }
            EmitLook(alternatives[i], look.Negated, length);
            if (split < 0)
                continue;
            Add(RegexOperation.Jump, 0);
            ends.Add(_code.Count - 1);
            _code[split] = _code.Count;
        }
        foreach (var end in ends)
            _code[end] = _code.Count;
    }

    private void EmitLook(RegexNode body, bool negated, int back)
    {
        Add(RegexOperation.Look, 0, negated ? 1 : 0, back);
        var end = _code.Count - 3;
        Emit(body);
        Add(RegexOperation.Match);
        _code[end] = _code.Count;
    }

    private static int? LengthOf(RegexNode node)
    {
        switch (node)
        {
            case Set:
                return 1;
            case Sequence sequence:
                int? sum = 0;
                foreach (var part in sequence.Parts)
                    sum += LengthOf(part);
                return sum;
            case Alternation alternation:
                var length = LengthOf(alternation.Alternatives[0]);
                foreach (var alternative in alternation.Alternatives)
                {
                    if (LengthOf(alternative) != length)
                        return null;
                }
                return length;
            case Repeat repeat:
                return repeat.Minimum == repeat.Maximum ? repeat.Minimum * LengthOf(repeat.Body) : null;
            case Atomic atomic:
                return LengthOf(atomic.Body);
            default:
                return 0;
        }
    }
}
