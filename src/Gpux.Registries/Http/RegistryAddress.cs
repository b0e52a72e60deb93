namespace Gpux.Registries.Http;

/// <summary>Where a registry is, which every user may change: for a mirror, or a server of the company's own.</summary>
internal static class RegistryAddress
{
    /// <returns>What the variable names, or else the registry's own address; with a '/' at its end.</returns>
    /// <exception cref="RegistryUnreachableException">It is no web address.</exception>
    public static Uri Read(RegistryEnvironment environment, string variable, string otherwise)
    {
        var text = environment.Variable(variable) ?? otherwise;
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
            : throw new RegistryUnreachableException(variable, $"its value '{Printable.Text(text)}' is no web address.");
    }
}
