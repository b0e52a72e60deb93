namespace Gpux.Conversion.Checkpoints.Pickle;

// What a pickle holds, as data: null, bool, long, BigInteger, double, string, byte[], and the types below. Whatever PyTorch makes of
// them is made by TorchCalls.

/// <summary>The name of a Python class, function or constant.</summary>
/// <param name="Offset">Where the file names it, for messages.</param>
internal sealed record PickleGlobal(string Module, string Name, long Offset)
{
    public string FullName => $"{Module}.{Name}";
}

internal sealed record PickleTuple(IReadOnlyList<object?> Items);

/// <summary>A list, a set or a queue.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dictionary of any kind, in the order of insertion.</summary>
internal sealed class PickleDictionary
{
    public List<KeyValuePair<object?, object?>> Entries { get; } = [];

    /// <summary>The value of a key that is text; the last one counts.</summary>
    public object? Find(string key)
    {
        for (var i = Entries.Count - 1; i >= 0; i--)
            if (Entries[i].Key is string text && text == key)
                return Entries[i].Value;
        return null;
    }
}

/// <summary>An object of a class that nothing here knows. It is never made: this is what the file says of it.</summary>
internal sealed class PickleObject(PickleGlobal type, object? arguments)
{
    public PickleGlobal Type { get; } = type;
    public object? Arguments { get; } = arguments;

    /// <summary>What the class would be given to restore itself; most often a dictionary of its fields.</summary>
    public object? State { get; set; }

    /// <summary>The items of a class that extends a list; null if there are none.</summary>
    public PickleList? List { get; set; }

    /// <summary>The entries of a class that extends a dictionary; null if there are none.</summary>
    public PickleDictionary? Dictionary { get; set; }
}

/// <summary>How deep values lie inside each other.</summary>
internal static class PickleDepth
{
    /// <summary>Far more than any model has modules in modules.</summary>
    public const int Limit = 500;

    /// <summary>Whether every value can be reached in <see cref="Limit"/> steps.</summary>
    public static bool IsWithinLimit(object? root)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var (level, next) = (new List<object?> { root }, new List<object?>());
        for (var depth = 0; level.Count > 0; depth++)
        {
            if (depth > Limit)
                return false;
            foreach (var value in level)
                if (value is not null && HasChildren(value) && seen.Add(value))
                    next.AddRange(Children(value));
            (level, next) = (next, level);
            next.Clear();
        }
        return true;
    }

    /// <summary>The values that lie directly in another; none in one that holds no others.</summary>
    public static IEnumerable<object?> Children(object value) => value switch
    {
        PickleTuple tuple => tuple.Items,
        PickleList list => list.Items,
        PickleDictionary dictionary => dictionary.Entries.SelectMany(entry => (object?[])[entry.Key, entry.Value]),
        PickleObject thing => [thing.Arguments, thing.State, thing.List, thing.Dictionary],
        _ => [],
    };

    private static bool HasChildren(object value) => value is PickleTuple or PickleList or PickleDictionary or PickleObject;
}
