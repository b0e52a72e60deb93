using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Gpux.Conversion.Checkpoints.Pickle;

/// <summary>Reads a pickle as data. Calls and persistent ids are handed to the caller, who knows the few that mean a tensor; nothing
/// is ever executed, imported or looked up.</summary>
/// <remarks>Source: CPython 3.14, Lib/pickletools.py; PEP 307, 3154 and 574. Protocols 2 to 5. The instructions that only older
/// protocols write, and those of the extension registry, are refused: checkpoints have none.</remarks>
internal ref struct PickleReader
{
    private const int HighestProtocol = 5;
    // Values and memo entries; each takes up to a hundred bytes here and may take but one in the file.
    private const int MostValues = 3_000_000;
    private const int LongestIntegerBytes = 4096;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _file;
    private readonly long _origin;
    private readonly Func<PickleGlobal, PickleTuple, object?> _call;
    private readonly Func<object?, object?> _load;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;
    private int _values;

    /// <param name="bytes">The pickle; what follows its end is not looked at.</param>
    /// <param name="origin">Where the pickle begins in its file, for messages.</param>
    /// <param name="call">Makes the result of a function or class that is called with arguments, or refuses.</param>
    /// <param name="load">Makes the value that a persistent id stands for, or refuses.</param>
    public PickleReader(ReadOnlySpan<byte> bytes, string file, long origin, Func<PickleGlobal, PickleTuple, object?> call, Func<object?, object?> load)
    {
        _bytes = bytes;
        _file = file;
        _origin = origin;
        _call = call;
        _load = load;
    }

    /// <summary>How many bytes were read: after <see cref="Read"/>, the pickle's length.</summary>
    public readonly int Position => _position;

    /// <summary>Reads up to the pickle's end.</summary>
    /// <exception cref="InvalidCheckpointException">It is damaged.</exception>
    /// <exception cref="PickleRefusedException">It asks for what no checkpoint needs.</exception>
    public object? Read()
    {
        while (true)
        {
            var at = _position;
            var opcode = Byte();
            switch (opcode)
            {
                case 0x80: // PROTO
                    if (Byte() is > HighestProtocol and var protocol)
                        throw Invalid($"is of protocol {protocol}, and {HighestProtocol} is the highest there is", at);
                    break;
                case 0x95: Take(Length64(at)); _position = at + 9; break; // FRAME: a hint, checked and not used
                case (byte)'.':
                    if (_stack.Count != 1 || _marks.Count != 0)
                        throw Invalid("ends with values left over", at);
                    if (!PickleDepth.IsWithinLimit(_stack[0]))
                        throw Invalid($"holds values more than {PickleDepth.Limit} deep inside each other", at);
                    return _stack[0];

                case (byte)'(': _marks.Add(_stack.Count); Count(at); break;
                case (byte)'0': PopOrMark(at); break;
                case (byte)'1': PopToMark(at); break;
                case (byte)'2': Push(Peek(at), at); break;

                case (byte)'N': Push(null, at); break;
                case 0x88: Push(true, at); break;
                case 0x89: Push(false, at); break;
                case (byte)'K': Push((long)Byte(), at); break;
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)), at); break;
                case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)), at); break;
                case 0x8a: PushInteger(Byte(), at); break;
                case 0x8b: PushInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4)), at); break;
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)), at); break;

                case (byte)'X': Push(Text(Length32(), at), at); break;
                case 0x8c: Push(Text(Byte(), at), at); break;
                case 0x8d: Push(Text(Length64(at), at), at); break;
                case (byte)'C' or (byte)'U': Push(Take(Byte()).ToArray(), at); break;
                case (byte)'B': Push(Take(Length32()).ToArray(), at); break;
                case (byte)'T': Push(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4))).ToArray(), at); break;
                case 0x8e or 0x96: Push(Take(Length64(at)).ToArray(), at); break;

                case (byte)')': Push(new PickleTuple([]), at); break;
                case 0x85: PushTuple(1, at); break;
                case 0x86: PushTuple(2, at); break;
                case 0x87: PushTuple(3, at); break;
                case (byte)'t': Push(new PickleTuple(PopToMark(at)), at); break;
                case (byte)']' or 0x8f: Push(new PickleList(), at); break;
                case (byte)'}': Push(new PickleDictionary(), at); break;
                case 0x91: // FROZENSET
                    var set = new PickleList();
                    set.Items.AddRange(PopToMark(at));
                    Push(set, at);
                    break;
                case (byte)'a': Append([Pop(at)], at); break;
                case (byte)'e' or 0x90: Append(PopToMark(at), at); break;
                case (byte)'s': var value = Pop(at); SetItems([Pop(at), value], at); break;
                case (byte)'u': SetItems(PopToMark(at), at); break;

                case (byte)'q': Remember(Byte(), at); break;
                case (byte)'r': Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)), at); break;
                case 0x94: Remember((uint)_memo.Count, at); break;
                case (byte)'h': Push(Recall(Byte(), at), at); break;
                case (byte)'j': Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)), at), at); break;

                case (byte)'c': Push(Global(Line(at), Line(at), at), at); break;
                case 0x93: // STACK_GLOBAL
                    var name = Pop(at);
                    Push(Global(Pop(at) as string, name as string, at), at);
                    break;
                case (byte)'R' or 0x81: // REDUCE, NEWOBJ
                    var arguments = Pop(at);
                    Push(Call(Pop(at), arguments, opcode == 0x81, at), at);
                    break;
                case 0x92: // NEWOBJ_EX
                    Pop(at); // named arguments
                    var positional = Pop(at);
                    Push(Call(Pop(at), positional, isNew: true, at), at);
                    break;
                case (byte)'b': var state = Pop(at); Build(Peek(at), state); break;
                case (byte)'Q': Push(_load(Pop(at)), at); break;

                case (byte)'i' or (byte)'o': throw Refused("makes an object by an instruction that checkpoints do not use", at);
                case 0x82 or 0x83 or 0x84: throw Refused("calls for the registry of extensions", at);
                case (byte)'P': throw Refused("names a persistent object by text", at);
                default: throw Invalid($"has the instruction 0x{opcode:x2}, which checkpoints do not use", at);
            }
        }
    }

    private byte Byte() => _position < _bytes.Length ? _bytes[_position++] : throw Invalid("ends in the middle", _position);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _bytes.Length - _position)
            throw Invalid($"ends before {count} bytes that it announces", _position);
        _position += count;
        return _bytes.Slice(_position - count, count);
    }

    private int Length32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4)); // 2^31 and more come out negative, and are refused

    private int Length64(int at)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return length <= int.MaxValue ? (int)length : throw Invalid($"announces {length} bytes", at);
    }

    private string Text(int length, int at)
    {
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (ArgumentException)
        {
            throw Invalid("holds text that is no UTF-8", at);
        }
    }

    private string Line(int at)
    {
        var rest = _bytes[_position..];
        var length = rest[..Math.Min(rest.Length, 4096)].IndexOf((byte)'\n');
        if (length < 0)
            throw Invalid("names something without an end", at);
        var line = Text(length, at);
        _position++;
        return line;
    }

    private void PushInteger(int length, int at)
    {
        if (length is < 0 or > LongestIntegerBytes)
            throw Invalid($"holds an integer of {length} bytes", at);
        var number = new BigInteger(Take(length));
        if (number >= long.MinValue && number <= long.MaxValue)
            Push((long)number, at);
        else
            Push(number, at);
    }

    private readonly PickleGlobal Global(string? module, string? name, int at)
    {
        if (module is null || name is null)
            throw Invalid("names a global by something that is no text", at);
        var global = new PickleGlobal(module, name, _origin + at);
        return PickleGlobals.IsHarmless(module, name) ? global : throw Refused($"asks for '{global.FullName}'", at);
    }

    private readonly object? Call(object? callee, object? arguments, bool isNew, int at)
    {
        if (callee is not PickleGlobal global || arguments is not PickleTuple tuple)
            throw Refused("calls something that is no named function or class", at);
        // A class is only ever named by this instruction; whether it exists does not matter.
        return isNew && !PickleGlobals.IsKnownContainer(global) ? new PickleObject(global, tuple) : _call(global, tuple);
    }

    private static void Build(object? target, object? state)
    {
        // Fields of dictionaries and tensors, such as the versions in a state dict's _metadata, say nothing about weights.
        if (target is PickleObject thing)
            thing.State = state;
    }

    private void Push(object? value, int at)
    {
        Count(at);
        _stack.Add(value);
    }

    private void PushTuple(int count, int at)
    {
        var items = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            items[i] = Pop(at);
        Push(new PickleTuple(items), at);
    }

    private void Count(int at)
    {
        if (++_values > MostValues)
            throw Invalid($"holds more than {MostValues} values", at);
    }

    private object? Pop(int at)
    {
        var value = Peek(at);
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly object? Peek(int at) => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) ? _stack[^1]
        : throw Invalid("takes a value where there is none", at);

    private void PopOrMark(int at)
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
            _marks.RemoveAt(_marks.Count - 1);
        else
            Pop(at);
    }

    private object?[] PopToMark(int at)
    {
        if (_marks.Count == 0)
            throw Invalid("takes values up to a mark that is not there", at);
        var mark = _marks[^1];
        var items = new object?[_stack.Count - mark];
        _stack.CopyTo(mark, items, 0, items.Length);
        _stack.RemoveRange(mark, items.Length);
        _marks.RemoveAt(_marks.Count - 1);
        return items;
    }

    private readonly void Append(object?[] items, int at)
    {
        var list = Peek(at) switch
        {
            PickleList target => target,
            PickleObject target => target.List ??= new PickleList(),
            _ => throw Invalid("appends to something that is no list", at),
        };
        list.Items.AddRange(items);
    }

    private readonly void SetItems(object?[] items, int at)
    {
        var dictionary = Peek(at) switch
        {
            PickleDictionary target => target,
            PickleObject target => target.Dictionary ??= new PickleDictionary(),
            _ => throw Invalid("sets items of something that is no dictionary", at),
        };
        if (items.Length % 2 != 0)
            throw Invalid("has a key without a value", at);
        for (var i = 0; i < items.Length; i += 2)
            dictionary.Entries.Add(new(items[i], items[i + 1]));
    }

    private void Remember(uint index, int at)
    {
        Count(at);
        _memo[index] = Peek(at);
    }

    private readonly object? Recall(uint index, int at) => _memo.TryGetValue(index, out var value) ? value
        : throw Invalid($"refers to value {index}, which it did not keep", at);

    private readonly InvalidCheckpointException Invalid(string problem, int at) => new(_file, $"its pickle {problem} (byte {_origin + at})");

    private readonly PickleRefusedException Refused(string wish, int at) => new(_file, wish, _origin + at);
}
