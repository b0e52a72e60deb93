namespace Gpux.Onnx.Checking;

/// <summary>What an operator takes and gives.</summary>
/// <param name="Inputs">A letter each: r required, o optional; at the end * for any number or + for at least one.</param>
/// <param name="Outputs">As <paramref name="Inputs"/>.</param>
/// <param name="Status">Whether the rest means anything.</param>
internal sealed record OperatorSchema(OperatorStatus Status, string Inputs, string Outputs, AttributeSchema[] Attributes)
{
    public static OperatorSchema Deprecated { get; } = new(OperatorStatus.Deprecated, "", "", []);
    public static OperatorSchema Unchecked { get; } = new(OperatorStatus.Unchecked, "", "", []);

    public AttributeSchema? Attribute(string name)
    {
        foreach (var attribute in Attributes)
        {
            if (attribute.Name == name)
                return attribute;
        }
        return null;
    }
}

internal enum OperatorStatus
{
    Known,
    Deprecated,

    /// <summary>The operator exists, and nothing is known of its signature.</summary>
    Unchecked,
}

internal sealed record AttributeSchema(string Name, AttributeKind Kind, bool IsRequired);
