namespace Gpux.Registries.Wandb;

/// <summary>How artifacts of Weights &amp; Biases are written: [entity/]project/collection[:alias].</summary>
internal static class WandbReference
{
    /// <exception cref="InvalidReferenceException">The grammar is broken.</exception>
    public static ModelReference Read(string registry, string rest)
    {
        var (name, alias) = (rest, (string?)null);
        // The canonical form has '@'; the native one ':', which may follow the last '/' alone.
        if (rest.LastIndexOf('@') is >= 0 and var at && at > rest.LastIndexOf('/'))
            (name, alias) = (rest[..at], rest[(at + 1)..]);
        else if (rest.LastIndexOf(':') is >= 0 and var colon && colon > rest.LastIndexOf('/'))
            (name, alias) = (rest[..colon], rest[(colon + 1)..]);
        var parts = name.Split('/');
        if (parts.Length > 3 || !Array.TrueForAll(parts, IsName))
            throw new InvalidReferenceException($"{registry}:{rest}", "artifacts are written entity/project/collection:alias");
        if (alias is not null && !IsName(alias))
            throw new InvalidReferenceException($"{registry}:{rest}", "the alias after ':' is empty or has a '/', ':' or control character");
        return new ModelReference(registry, name, alias);
    }

    /// <summary>Reads https://wandb.ai/entity/project/artifacts/type/collection[/alias].</summary>
    public static ModelReference? ReadAddress(string registry, Uri address)
    {
        if (address.Host is not ("wandb.ai" or "www.wandb.ai"))
            return null;
        var parts = address.AbsolutePath.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        return parts is [var entity, var project, "artifacts", _, var collection, .. var rest] && IsName(entity) && IsName(project) && IsName(collection)
            ? new ModelReference(registry, $"{entity}/{project}/{collection}", rest is [var alias, ..] && IsName(alias) ? alias : null)
            : throw new InvalidReferenceException(address.AbsoluteUri, "it is not a link to an artifact: expected /entity/project/artifacts/type/collection/version");
    }

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 256 && text is not ("." or "..") && !text.AsSpan().ContainsAny('/', ':', '\\') && !text.Any(char.IsControl);
}
