namespace Gpux.Registries.Http;

/// <summary>Where a registry's server is: its own address, unless a variable names another.</summary>
internal static class ServerAddress
{
    /// <returns>With a '/' at its end, so that paths can be joined to it.</returns>
    /// <exception cref="RegistryUnreachableException">The variable holds no web address.</exception>
    public static Uri Read(RegistryEnvironment environment, string registry, string variable, string otherwise) =>
        Parse(registry, variable, environment.Variable(variable) ?? otherwise);

    /// <exception cref="RegistryUnreachableException">It is no web address.</exception>
    public static Uri Parse(string registry, string variable, string address) =>
        Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var read) && read.Scheme is "http" or "https" ? read
            : throw new RegistryUnreachableException(registry, $"{variable} is '{Printable.Text(address)}', which is no web address.");
}
