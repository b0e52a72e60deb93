using System.Collections.Immutable;
using Gpux.Conversion.Checkpoints.Pickle;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The functions and classes that PyTorch's pickles call, as what their results mean here.</summary>
/// <remarks>Source: PyTorch 2.13, torch/_utils.py, torch/_tensor.py and torch/_weights_only_unpickler.py.</remarks>
/// <param name="file">The checkpoint's name, for messages.</param>
internal sealed class TorchCalls(string file)
{
    // PyTorch's own limit.
    private const int HighestRank = 64;
    // A view with stride 0 may claim any size: up to this it may be larger than what it repeats.
    private const long LargestRepetitionBytes = 64 << 20;

    /// <exception cref="InvalidCheckpointException">The arguments make no tensor.</exception>
    /// <exception cref="PickleRefusedException">Not a function or class that checkpoints call.</exception>
    public object? Call(PickleGlobal callee, PickleTuple arguments)
    {
        var items = arguments.Items;
        switch (PickleGlobals.Canonical(callee.Module, callee.Name))
        {
            case "torch._utils._rebuild_tensor" or "torch._utils._rebuild_tensor_v2":
                return Rebuild(items, type: null, items.Count > 6 ? items[6] : null, callee);
            case "torch._utils._rebuild_tensor_v3":
                if (items.Count < 7 || items[6] is not PickleGlobal { Module: "torch" } dtype)
                    throw Invalid(callee, "has no element type");
                return TorchTypes.OfName(dtype.Name) is { } type ? Rebuild(items, type, items.Count > 7 ? items[7] : null, callee)
                    : new UnreadableTensor($"of type {dtype.Name}");
            case "torch._utils._rebuild_parameter" or "torch._utils._rebuild_parameter_with_state" when items.Count > 0:
                return items[0];
            case "torch._tensor._rebuild_from_type_v2" or "torch._tensor._rebuild_from_type" when items is [PickleGlobal inner, _, PickleTuple given, ..]:
                // Calls lie no deeper in each other than this: a tensor of a class, made of a plain one.
                return PickleGlobals.Canonical(inner.Module, inner.Name) is "torch._tensor._rebuild_from_type_v2" or "torch._tensor._rebuild_from_type"
                    ? throw Invalid(callee, "is made of itself") : Call(inner, given);

            case "torch._utils._rebuild_qtensor": return new UnreadableTensor("quantised");
            case "torch._utils._rebuild_sparse_tensor" or "torch._utils._rebuild_sparse_csr_tensor": return new UnreadableTensor("sparse");
            case "torch._utils._rebuild_nested_tensor": return new UnreadableTensor("nested");
            case "torch._utils._rebuild_meta_tensor_no_storage": return new UnreadableTensor("without elements (a meta tensor)");
            case "torch._utils._rebuild_wrapper_subclass": return new UnreadableTensor("of a class that packs its elements");
            case "torch._utils._rebuild_device_tensor_from_numpy" or "torch._utils._rebuild_device_tensor_from_cpu_tensor":
                return new UnreadableTensor("packed for a device");

            case "collections.OrderedDict" or "builtins.dict" or "collections.Counter": return Dictionary(items.Count > 0 ? items[0] : null, callee);
            case "collections.defaultdict": return Dictionary(items.Count > 1 ? items[1] : null, callee);
            case "builtins.list" or "builtins.set" or "builtins.frozenset" or "collections.deque":
                var list = new PickleList();
                if (items.Count > 0)
                    list.Items.AddRange(Items(items[0], callee));
                return list;
            case "builtins.tuple" or "torch.Size": return new PickleTuple(items.Count > 0 ? Items(items[0], callee) : []);
            case "torch.nn.parameter.Parameter" when items is [TorchTensor or UnreadableTensor, ..]: return items[0];

            case "copyreg._reconstructor" when items is [PickleGlobal made, ..]:
                return PickleGlobals.IsKnownContainer(made) ? Call(made, new PickleTuple([])) : new PickleObject(made, arguments);
            case "_codecs.encode" or "torch.device" or "torch.serialization._get_layout" or "numpy.dtype"
                or "numpy.core.multiarray.scalar" or "numpy._core.multiarray.scalar"
                or "numpy.core.multiarray._reconstruct" or "numpy._core.multiarray._reconstruct"
                or "numpy.core.numeric._frombuffer" or "numpy._core.numeric._frombuffer"
                or "numpy.random._pickle.__randomstate_ctor" or "numpy.random._pickle.__generator_ctor" or "numpy.random._pickle.__bit_generator_ctor":
                return new PickleObject(callee, arguments);
        }
        return PickleGlobals.IsClass(callee) ? new PickleObject(callee, arguments)
            : throw new PickleRefusedException(file, $"calls '{callee.FullName}'", callee.Offset);
    }

    private object Rebuild(IReadOnlyList<object?> items, ElementType? type, object? flags, PickleGlobal callee)
    {
        if (items.Count < 4 || items[0] is not TorchStorage storage || items[1] is not long offset)
            throw Invalid(callee, "has no storage and offset");
        if (storage.IsMeta)
            return new UnreadableTensor("without elements (a meta tensor)");
        if (storage.Type is null)
            return new UnreadableTensor("quantised");
        // Only the third form names the type of what it makes of mere bytes.
        var elementType = type ?? storage.Type.Value;
        if (elementType == ElementType.Undefined)
            throw Invalid(callee, "has no element type");
        var (dimensions, strides) = (Numbers(items[2], callee), Numbers(items[3], callee));
        if (dimensions.Length != strides.Length || dimensions.Length > HighestRank || dimensions.AsSpan().ContainsAnyInRange(long.MinValue, -1)
            || strides.AsSpan().ContainsAnyInRange(long.MinValue, -1) || offset < 0)
            throw Invalid(callee, $"has {dimensions.Length} sizes and {strides.Length} strides, or negative ones");
        try
        {
            var shape = new Shape(dimensions.AsSpan());
            var elementBytes = elementType.BitSize() / 8;
            var bytes = elementType.ByteSize(shape.ElementCount);
            if (shape.ElementCount == 0)
                return new TorchTensor(storage, elementType, 0, shape, strides);
            var last = offset;
            for (var i = 0; i < dimensions.Length; i++)
                last = checked(last + (dimensions[i] - 1) * strides[i]);
            if (checked((last + 1) * elementBytes) > storage.Bytes)
                throw Invalid(callee, $"of shape {shape} reaches beyond its storage of {storage.Bytes} bytes");
            if (bytes > Math.Max(storage.Bytes, LargestRepetitionBytes))
                throw Invalid(callee, $"of shape {shape} repeats a storage of {storage.Bytes} bytes without measure");
            return new TorchTensor(storage, elementType, offset * elementBytes, shape, strides)
            {
                IsConjugated = flags is PickleDictionary conjugated && conjugated.Find("conj") is true,
                IsNegated = flags is PickleDictionary negated && negated.Find("neg") is true,
            };
        }
        catch (OverflowException)
        {
            throw Invalid(callee, "has sizes or strides that no memory has");
        }
    }

    private PickleDictionary Dictionary(object? entries, PickleGlobal callee)
    {
        var dictionary = new PickleDictionary();
        if (entries is PickleDictionary given)
            dictionary.Entries.AddRange(given.Entries);
        else if (entries is not null)
            foreach (var entry in Items(entries, callee))
                dictionary.Entries.Add(Items(entry, callee) is [var key, var value] ? new(key, value) : throw Invalid(callee, "has an entry that is no pair"));
        return dictionary;
    }

    private IReadOnlyList<object?> Items(object? value, PickleGlobal callee) => value switch
    {
        PickleTuple tuple => tuple.Items,
        PickleList list => list.Items,
        PickleDictionary dictionary => [.. dictionary.Entries.Select(entry => entry.Key)],
        _ => throw Invalid(callee, "is made of something that is no list"),
    };

    private ImmutableArray<long> Numbers(object? value, PickleGlobal callee)
    {
        var items = Items(value, callee);
        if (items.Count > HighestRank)
            throw Invalid(callee, $"has {items.Count} dimensions, where {HighestRank} are the most");
        var numbers = new long[items.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = items[i] is long number ? number : throw Invalid(callee, "has a size that is no whole number of 64 bits");
        return [.. numbers];
    }

    private InvalidCheckpointException Invalid(PickleGlobal callee, string problem) =>
        new(file, $"what '{callee.FullName}' makes {problem} (function named at byte {callee.Offset})");
}
