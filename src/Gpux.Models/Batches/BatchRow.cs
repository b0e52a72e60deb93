using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Batches;

/// <summary>One input of a file.</summary>
/// <param name="Line">The line of the file on which it begins, from 1.</param>
/// <param name="Input">What the model is asked; null if the row cannot be read.</param>
/// <param name="Failure">Why it cannot be read; null if it can.</param>
public sealed record BatchRow(long Line, PipelineInput? Input, GpuxException? Failure = null)
{
    /// <summary>The file that it is a row of; null if it is of none.</summary>
    public RowSource? Source { get; init; }

    /// <summary>The row's values in the order of <see cref="RowSource.Columns"/>.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>The object that the row is in a file of JSON; undefined otherwise.</summary>
    public JsonElement Object { get; init; }

    /// <summary>Where the row ends in its file, in bytes.</summary>
    public long EndBytes { get; init; }
}

/// <param name="Result">Null if the row cannot be read or answered.</param>
/// <param name="Failure">Why; null if it can.</param>
public sealed record BatchAnswer(BatchRow Row, PipelineResult? Result, GpuxException? Failure);
