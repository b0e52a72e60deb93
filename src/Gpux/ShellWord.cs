namespace Gpux;

/// <summary>Writes what a user may paste into a shell.</summary>
public static class ShellWord
{
    private const string Plain = "-_./:@=+,%";

    /// <summary>The text as one word of a command line: as it is where no shell would read it otherwise, else in quotes.</summary>
    /// <param name="text">Of any characters.</param>
    /// <returns>For a POSIX shell; on Windows, for PowerShell.</returns>
    public static string Of(string text)
    {
        if (text.Length > 0 && text.All(each => char.IsAsciiLetterOrDigit(each) || Plain.Contains(each, StringComparison.Ordinal)))
            return text;
        return OperatingSystem.IsWindows() ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'" : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }
}
