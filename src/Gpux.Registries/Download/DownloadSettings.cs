using System.Globalization;

namespace Gpux.Registries.Download;

/// <summary>What the environment says of downloads.</summary>
internal static class DownloadSettings
{
    public const string ConnectionsVariable = "GPUX_DOWNLOAD_CONNECTIONS";
    public const string RateVariable = "GPUX_LIMIT_RATE";

    private const int DefaultConnections = 16;
    private const int MostConnections = 64;

    /// <summary>How many connections bring files at once, over all files and hosts.</summary>
    /// <exception cref="InvalidSettingException">The variable holds something else.</exception>
    public static int Connections(RegistryEnvironment environment) =>
        environment.Variable(ConnectionsVariable) is not { } text ? DefaultConnections
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostConnections
                ? number : throw new InvalidSettingException(ConnectionsVariable, text, $"a number from 1 to {MostConnections}");

    /// <summary>What all downloads together may take; null for as much as they can.</summary>
    /// <exception cref="InvalidSettingException">The variable holds something else.</exception>
    public static TransferRate? Rate(RegistryEnvironment environment) => environment.RateLimit
        ?? (environment.Variable(RateVariable) is { } text ? TransferRate.Parse(text, RateVariable) : null);
}
