namespace Gpux.Benchmarks.Results;

/// <summary>What opening a database for writing did to its schema.</summary>
public enum SchemaState
{
    Unchanged,

    /// <summary>It had none: the database is new.</summary>
    Made,

    /// <summary>It had an older one.</summary>
    Updated,
}
