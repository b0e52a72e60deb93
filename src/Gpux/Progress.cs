namespace Gpux;

public enum ProgressUnit
{
    Items,
    Bytes,

    /// <summary>Hundredths of the whole.</summary>
    Percent,
}

/// <summary>How far a step of a longer operation has come.</summary>
/// <param name="Step">What is being done, such as "Downloading".</param>
/// <param name="Item">To what, such as a file's name; null for the step as a whole.</param>
/// <param name="Done">Amount done so far.</param>
/// <param name="Total">Amount in all; null while unknown.</param>
public readonly record struct Progress(string Step, string? Item, long Done, long? Total, ProgressUnit Unit = ProgressUnit.Items);
