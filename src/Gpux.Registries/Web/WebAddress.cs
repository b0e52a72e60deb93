namespace Gpux.Registries.Web;

/// <summary>How references to files and folders of web servers are written.</summary>
internal static class WebAddress
{
    /// <summary>Reads "https://host/path", with or without "@commit".</summary>
    /// <exception cref="InvalidReferenceException">It is no web address, or one with a password in it.</exception>
    public static ModelReference Read(string registry, string text)
    {
        var (name, revision) = PinnedName.Split(text);
        if (!Uri.TryCreate(name, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new InvalidReferenceException($"{registry}:{name}", "a web address begins with https:// or http://");
        // It would be kept in the store and shown by every listing.
        if (address.UserInfo.Length > 0)
            throw new InvalidReferenceException($"{registry}:{address.Scheme}://...@{address.Authority}{address.AbsolutePath}",
                "an address holds no password; it belongs into ~/.netrc");
        return new ModelReference(registry, address.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped), revision);
    }

    /// <summary>Reads a name below a configured address.</summary>
    /// <exception cref="InvalidReferenceException">It is none that may be joined to the address.</exception>
    public static ModelReference ReadBelow(string registry, string text)
    {
        var (name, revision) = PinnedName.Split(text);
        var path = name.Trim('/');
        if (RepositoryPath.Problem(path) is { } rule)
            throw new InvalidReferenceException($"{registry}:{text}", rule);
        return new ModelReference(registry, name.EndsWith('/') ? $"{path}/" : path, revision);
    }
}
