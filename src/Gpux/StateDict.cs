namespace Gpux;

/// <summary>A model that is nothing but a PyTorch state dict: its file's name is all that says what it is.</summary>
public static class StateDict
{
    /// <summary>The only file that is named like a state dict, of a model without configuration; null for any other model.</summary>
    public static string? FileOf(ModelFiles files) => FileOf([.. files.Names]);

    /// <param name="names">The names of all files.</param>
    public static string? FileOf(IReadOnlyCollection<string> names)
    {
        string? found = null;
        foreach (var name in names)
        {
            if (name == "config.json")
                return null;
            if (!name.EndsWith(".pth", StringComparison.Ordinal) && !name.EndsWith(".pt", StringComparison.Ordinal))
                continue;
            if (found is not null)
                return null;
            found = name;
        }
        return found;
    }
}
