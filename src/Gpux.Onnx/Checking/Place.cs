namespace Gpux.Onnx.Checking;

/// <summary>Where something in a model is. Put into words only when there is a problem.</summary>
/// <param name="Outer">What this lies in; null for the model, its graph and its functions.</param>
/// <param name="Kind">Such as "initializer".</param>
internal record Place(Place? Outer, string Kind, string Name)
{
    private const int MaxName = 100;

    public static Place Model { get; } = new(null, "model", "");

    public static Place Function(OnnxFunction function) => new(null, "function", $"{OperatorImports.Spell(function.Domain)}.{function.Name}");

    public static Place Node(Place outer, OnnxNode node, int index) => new NodePlace(outer, node, index);

    public Place Part(string kind, string name) => new(this, kind, name);

    public sealed override string ToString() => Outer is null ? Own() : $"{Outer}, {Own()}";

    protected virtual string Own() => ReferenceEquals(this, Model) ? Kind : $"{Kind} '{Clip(Name)}'";

    private static string Clip(string name) => ReadableText.Clip(name, MaxName);

    private sealed record NodePlace(Place Outer, OnnxNode OnnxNode, int Index) : Place(Outer, "node", OnnxNode.Name)
    {
        protected override string Own() => $"node {(Name.Length > 0 ? $"'{Clip(Name)}'" : Index)} ({Clip(OnnxNode.OpType)})";
    }
}
