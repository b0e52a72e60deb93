using System.Collections.Immutable;

namespace Gpux.Runtime.Sessions;

/// <summary>Compares tensors with what a model says of its inputs and outputs, before ONNX Runtime sees them.</summary>
internal static class ValueCheck
{
    /// <returns>The tensor.</returns>
    /// <param name="tensor">Null if none was given.</param>
    /// <exception cref="SessionInputException">It is missing, or does not fit.</exception>
    /// <exception cref="UnsupportedValueException">The input is no tensor.</exception>
    public static Tensor Input(ValueInfo input, Tensor? tensor)
    {
        if (!IsTensor(input))
            throw new UnsupportedValueException(input.Name,
                $"The model's input '{input.Name}' is of type {input.Description}, which GPUX cannot provide.",
                "Use a version of the model whose inputs are tensors.");
        if (tensor is null)
            throw new SessionInputException(input.Name, $"The model's input '{input.Name}', {input.Description}, is missing.",
                "Give a tensor for each input of the model.");
        if (Mismatch(input, tensor) is { } mismatch)
            throw new SessionInputException(input.Name,
                $"The model's input '{input.Name}' is {input.Description}, but got {tensor}: {mismatch}.",
                "Give a tensor of that type and shape.");
        return tensor;
    }

    /// <exception cref="SessionOutputException">The tensor cannot take this output.</exception>
    public static void Output(ValueInfo output, Tensor tensor)
    {
        Readable(output);
        if (output.Kind != ValueKind.Tensor || output.ElementType == ElementType.String)
            throw new SessionOutputException(output.Name,
                $"The model's output '{output.Name}' is {output.Description}, which cannot be written into a tensor made beforehand.",
                "Let the run make the tensor.");
        if (Mismatch(output, tensor) is { } mismatch)
            throw new SessionOutputException(output.Name,
                $"The model's output '{output.Name}' is {output.Description}, but the tensor for it is {tensor}: {mismatch}.",
                "Give a tensor of that type and shape.");
    }

    /// <summary>The tensor of this name; most callers give them in the model's order, so that is where the search begins.</summary>
    public static Tensor? Find(ReadOnlySpan<NamedTensor> tensors, string name, int likelyIndex)
    {
        if (likelyIndex < tensors.Length && tensors[likelyIndex].Name == name)
            return tensors[likelyIndex].Tensor;
        foreach (var tensor in tensors)
            if (tensor.Name == name)
                return tensor.Tensor;
        return null;
    }

    /// <exception cref="SessionInputException">A tensor has the name of no input.</exception>
    public static void NoOthers(ImmutableArray<ValueInfo> inputs, ReadOnlySpan<NamedTensor> given)
    {
        for (var i = 0; i < given.Length; i++)
            if (!(i < inputs.Length && inputs[i].Name == given[i].Name) && IndexOf(inputs, given[i].Name) < 0)
                throw UnknownInput(inputs, given[i].Name);
    }

    /// <inheritdoc cref="NoOthers(ImmutableArray{ValueInfo}, ReadOnlySpan{NamedTensor})"/>
    public static void NoOthers(ImmutableArray<ValueInfo> inputs, IReadOnlyDictionary<string, Tensor> given)
    {
        foreach (var name in given.Keys)
            if (IndexOf(inputs, name) < 0)
                throw UnknownInput(inputs, name);
    }

    /// <exception cref="SessionInputException">No input has this name.</exception>
    public static int InputIndex(ImmutableArray<ValueInfo> inputs, string name)
    {
        var index = IndexOf(inputs, name);
        return index >= 0 ? index : throw UnknownInput(inputs, name);
    }

    /// <exception cref="SessionOutputException">No output has this name.</exception>
    public static int OutputIndex(ImmutableArray<ValueInfo> outputs, string name)
    {
        var index = IndexOf(outputs, name);
        if (index >= 0)
            return index;
        throw new SessionOutputException(name, $"The model has no output '{name}'. {Known(outputs, name)}",
            "Ask for an output by the name that the model gives it.");
    }

    /// <exception cref="UnsupportedValueException">The output is not made of tensors.</exception>
    public static void Readable(ValueInfo output)
    {
        if (!IsTensor(output) && !(output.Kind == ValueKind.Sequence && output.ElementType != ElementType.Undefined))
            throw Unreadable(output.Name, output.Description);
    }

    public static UnsupportedValueException Unreadable(string output, string type) => new(output,
        $"The model's output '{output}' is of type {type}, which GPUX cannot read.",
        "Ask for the other outputs by name, or use a version of the model whose outputs are tensors "
        + "(classifiers of scikit-learn: convert them with zipmap off).");

    private static bool IsTensor(ValueInfo value) =>
        value.Kind is ValueKind.Tensor or ValueKind.Optional && value.ElementType != ElementType.Undefined;

    private static string? Mismatch(ValueInfo value, Tensor tensor)
    {
        if (tensor.ElementType != value.ElementType)
            return $"the element type is {tensor.ElementType}, not {value.ElementType}";
        if (value.Dimensions is not { } expected)
            return null;
        if (expected.Length != tensor.Shape.Rank)
            return $"there are {tensor.Shape.Rank} dimensions, not {expected.Length}";
        for (var axis = 0; axis < expected.Length; axis++)
            if (expected[axis].Size is { } size && size != tensor.Shape[axis])
                return $"dimension {axis} is {tensor.Shape[axis]}, not {size}";
        return null;
    }

    private static SessionInputException UnknownInput(ImmutableArray<ValueInfo> inputs, string name) =>
        new(name, $"The model has no input '{name}'. {Known(inputs, name)}", "Give each input by the name that the model gives it.");

    private static string Known(ImmutableArray<ValueInfo> values, string name)
    {
        // A decoder's cache has hundreds.
        const int NamesToList = 20;
        var names = values.Select(value => value.Name);
        return $"It has: {string.Join(", ", names.Take(NamesToList))}{(values.Length > NamesToList ? ", ..." : "")}." + (ClosestName.To(name, names) is { } closest ? $" Closest: {closest}." : "");
    }

    private static int IndexOf(ImmutableArray<ValueInfo> values, string name)
    {
        for (var i = 0; i < values.Length; i++)
            if (values[i].Name == name)
                return i;
        return -1;
    }
}
