using Gpux.Conversion.Checkpoints.Pickle;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>Finds the weights in what a PyTorch file holds: a state dict, a training record around one, a whole module, or tensors
/// in lists.</summary>
/// <param name="file">The checkpoint's name, for messages.</param>
internal sealed class TorchState(string file)
{
    // More than any model has, and soon reached by lists that hold each other.
    private const int MostTensors = 1_000_000;
    private const int MostSteps = 4_000_000;

    // Where training records keep weights. An average over the training is what its makers evaluate, and comes first.
    private static readonly string[] Containers =
        ["params_ema", "model_ema", "state_dict_ema", "ema", "state_dict", "model_state_dict", "model", "module", "net", "params"];

    private readonly Dictionary<string, TorchTensor> _tensors = [];
    private readonly HashSet<object> _path = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _checked = new(ReferenceEqualityComparer.Instance);
    private int _steps;

    /// <summary>The weights by their names in the model: without containers, and without prefixes of wrappers.</summary>
    /// <param name="root">What the pickle holds.</param>
    /// <param name="isShard">Whether an index names the tensors: then names are left as they are.</param>
    public IReadOnlyDictionary<string, TorchTensor> Find(object? root, bool isShard)
    {
        string? container = null;
        if (!isShard)
            root = Unwrap(root, ref container);
        if (AsModule(root) is { } module)
            AddModule(module, "");
        else if (HasTensors(root))
            AddState(AsDictionary(root)!); // it has entries
        else
            AddNested(root, "");
        return isShard ? _tensors : WithoutWrappers(container);
    }

    private static object? Unwrap(object? root, ref string? container)
    {
        // Containers lie at most a few deep in each other.
        for (var depth = 0; depth < 4 && AsModule(root) is null && AsDictionary(root) is { } record; depth++)
        {
            var found = Array.Find(Containers, name => HoldsWeights(record.Find(name)));
            if (found is null)
                break;
            container = found;
            root = record.Find(found);
        }
        return root;
    }

    // Weights themselves, or a container of them.
    private static bool HoldsWeights(object? value) => AsModule(value) is not null || HasTensors(value)
        || AsDictionary(value) is { } record && Array.Exists(Containers, name => AsModule(record.Find(name)) is not null || HasTensors(record.Find(name)));

    private static bool HasTensors(object? value) =>
        AsDictionary(value) is { } dictionary && dictionary.Entries.Exists(entry => entry.Value is TorchTensor or UnreadableTensor);

    private static PickleDictionary? AsDictionary(object? value) => value as PickleDictionary ?? (value as PickleObject)?.Dictionary;

    // The fields of a module that was pickled whole: whatever its class is, these hold its weights.
    private static PickleDictionary? AsModule(object? value) =>
        value is PickleObject { State: PickleDictionary fields } && AsDictionary(fields.Find("_parameters")) is not null ? fields : null;

    // A flat dictionary: what is no tensor is state of another kind.
    private void AddState(PickleDictionary state)
    {
        foreach (var (key, value) in state.Entries)
        {
            if (Name(key) is { } name)
                AddOrRefuse(name, value);
        }
    }

    private void AddModule(PickleDictionary fields, string prefix)
    {
        Enter(fields);
        foreach (var (key, value) in AsDictionary(fields.Find("_parameters"))?.Entries ?? [])
            if (Name(key) is { } name)
                AddOrRefuse(prefix + name, value);
        var passing = (fields.Find("_non_persistent_buffers_set") as PickleList)?.Items ?? [];
        foreach (var (key, value) in AsDictionary(fields.Find("_buffers"))?.Entries ?? [])
            if (Name(key) is { } name && !passing.Contains(name))
                AddOrRefuse(prefix + name, value);
        foreach (var (key, value) in AsDictionary(fields.Find("_modules"))?.Entries ?? [])
            if (AsModule(value) is { } module && Name(key) is { } name)
                AddModule(module, $"{prefix}{name}.");
        foreach (var (key, value) in fields.Entries)
            if (key is string field and not "_modules")
                RefuseUnreadable(prefix + field, value);
        _path.Remove(fields);
    }

    private void AddNested(object? value, string name)
    {
        switch (value)
        {
            case TorchTensor tensor: Add(name, tensor); return;
            case UnreadableTensor unreadable: throw new UnsupportedTensorException(file, name, unreadable.Kind);
        }
        if (value is null || AsDictionary(value) is null && value is not (PickleList or PickleTuple) && AsModule(value) is null)
            return;
        Enter(value);
        var prefix = name.Length == 0 ? "" : name + ".";
        if (AsModule(value) is { } module)
            AddModule(module, prefix);
        else if (AsDictionary(value) is { } dictionary)
            foreach (var (key, inner) in dictionary.Entries)
            {
                if (Name(key) is { } part)
                    AddNested(inner, prefix + part);
            }
        else
        {
            var items = value is PickleTuple tuple ? tuple.Items : ((PickleList)value).Items;
            for (var i = 0; i < items.Count; i++)
                AddNested(items[i], $"{prefix}{i}");
        }
        _path.Remove(value);
    }

    private void Add(string name, TorchTensor tensor)
    {
        _tensors[name] = tensor;
        if (_tensors.Count > MostTensors)
            throw new InvalidCheckpointException(file, $"it holds more than {MostTensors} tensors");
    }

    // The depth of values was limited when the pickle was read; their number in all paths is limited here.
    private void Enter(object value)
    {
        if (!_path.Add(value))
            throw new InvalidCheckpointException(file, "it holds a value that contains itself");
        if (++_steps > MostSteps)
            throw new InvalidCheckpointException(file, "its values hold each other too often to be named");
    }

    private void AddOrRefuse(string name, object? value)
    {
        RefuseUnreadable(name, value);
        if (value is TorchTensor tensor)
            Add(name, tensor);
    }

    // Weights are also refused for a part that is not among the tensors, such as the packed weights of a quantised layer.
    private void RefuseUnreadable(string name, object? value)
    {
        var left = new Stack<object?>([value]);
        while (left.TryPop(out var next))
        {
            if (next is UnreadableTensor unreadable)
                throw new UnsupportedTensorException(file, name, unreadable.Kind);
            if (next is not (PickleTuple or PickleList or PickleDictionary or PickleObject) || !_checked.Add(next))
                continue;
            foreach (var child in PickleDepth.Children(next))
                left.Push(child);
        }
    }

    private static string? Name(object? key) => key switch
    {
        string text => text,
        long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };

    // A wrapper prefixes every name. "model." is the first word of many models' own names, so that it goes only where a trainer keeps
    // its module under that name: in the state_dict of a training record.
    private Dictionary<string, TorchTensor> WithoutWrappers(string? container)
    {
        var prefixLength = 0;
        while (_tensors.Count > 0)
        {
            var name = _tensors.Keys.First().AsSpan(prefixLength);
            var wrapper = name.StartsWith("module.") ? "module." : name.StartsWith("_orig_mod.") ? "_orig_mod."
                : container == "state_dict" && name.StartsWith("model.") ? "model." : null;
            if (wrapper is null || !_tensors.Keys.All(other => other.AsSpan(prefixLength).StartsWith(wrapper) && other.Length > prefixLength + wrapper.Length))
                break;
            prefixLength += wrapper.Length;
        }
        return prefixLength == 0 ? _tensors : _tensors.ToDictionary(tensor => tensor.Key[prefixLength..], tensor => tensor.Value);
    }
}
