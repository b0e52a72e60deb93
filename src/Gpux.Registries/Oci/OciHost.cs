namespace Gpux.Registries.Oci;

/// <summary>Where the API of a registry is.</summary>
internal static class OciHost
{
    public const string InsecureVariable = "GPUX_INSECURE_REGISTRIES";

    /// <summary>https, but http for this machine itself and for hosts that the user has named in the variable.</summary>
    /// <param name="host">With its port, if any.</param>
    public static Uri Address(RegistryEnvironment environment, string host)
    {
        var secure = new Uri($"https://{host}/");
        return secure.IsLoopback || AllowsHttp(environment, host) ? new Uri($"http://{host}/") : secure;
    }

    private static bool AllowsHttp(RegistryEnvironment environment, string host)
    {
        foreach (var allowed in (environment.Variable(InsecureVariable) ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (allowed.Equals(host, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}
