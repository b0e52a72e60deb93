namespace Gpux.Onnx.Checking;

/// <summary>The operator sets that a model or a function imports, and the operators looked up in them so far.</summary>
internal sealed class OperatorImports
{
    private readonly Dictionary<string, Domain> _domains = [];

    public OperatorImports(List<OperatorSet> sets, Action<string> report)
    {
        foreach (var set in sets)
        {
            if (set.Version < 1)
                report($"operator set '{Spell(set.Domain)}' is imported in version {set.Version}");
            if (!_domains.TryAdd(Normalize(set.Domain), new Domain(set.Version)))
                report($"operator set '{Spell(set.Domain)}' is imported twice");
        }
    }

    /// <summary>The default domain has two spellings.</summary>
    public static string Normalize(string domain) => domain == "ai.onnx" ? "" : domain;

    public static string Spell(string domain) => domain.Length == 0 ? "ai.onnx" : domain;

    /// <param name="domain">Normalized.</param>
    /// <returns>The version; null if the domain is not imported.</returns>
    public long? Version(string domain) => _domains.TryGetValue(domain, out var known) ? known.Version : null;

    /// <param name="domain">Normalized and imported.</param>
    public OperatorSchema? Find(string domain, string opType)
    {
        var imported = _domains[domain];
        if (!imported.Operators.TryGetValue(opType, out var schema))
            imported.Operators.Add(opType, schema = OperatorTable.Find(domain, opType, imported.Version));
        return schema;
    }

    private sealed class Domain(long version)
    {
        public long Version { get; } = version;
        public Dictionary<string, OperatorSchema?> Operators { get; } = [];
    }
}
