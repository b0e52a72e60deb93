namespace Gpux.Registries.Http;

/// <summary>Reads the user's netrc file: $NETRC, else ~/.netrc, else ~/_netrc.</summary>
/// <remarks>Source: the file's form as curl and Python's netrc module read it; macros are passed over.</remarks>
internal static class Netrc
{
    private const int LimitBytes = 1 << 20;

    /// <summary>The login and password for a host; null where the file has none, or there is no file.</summary>
    public static (string Login, string Password)? Find(RegistryEnvironment environment, string host)
    {
        string?[] places = environment.Folder("NETRC") is { } chosen ? [chosen]
            : [Path.Combine(environment.Home, ".netrc"), Path.Combine(environment.Home, "_netrc")];
        foreach (var place in places)
        {
            try
            {
                if (new FileInfo(place!) is { Exists: true, Length: <= LimitBytes }) // Combine and Folder give paths
                    return Find(File.ReadAllText(place!), host); // as above
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // As anybody: a server that wants more says so itself.
            }
        }
        return null;
    }

    internal static (string Login, string Password)? Find(string text, string host)
    {
        (string Login, string Password)? fallback = null;
        var tokens = Tokens(text).GetEnumerator();
        string? machine = null;
        var (login, password) = ("", (string?)null);
        var hasEntry = false;
        while (tokens.MoveNext())
        {
            switch (tokens.Current)
            {
                case "machine" when tokens.MoveNext():
                    if (Finished() is { } found)
                        return found;
                    (machine, login, password, hasEntry) = (tokens.Current, "", null, true);
                    break;
                case "default":
                    if (Finished() is { } before)
                        return before;
                    (machine, login, password, hasEntry) = (null, "", null, true);
                    break;
                case "login" or "user" when tokens.MoveNext():
                    login = tokens.Current;
                    break;
                case "password" when tokens.MoveNext():
                    password = tokens.Current;
                    break;
                case "account" when tokens.MoveNext():
                    break;
            }
        }
        return Finished() ?? fallback;

        (string, string)? Finished()
        {
            if (!hasEntry || password is null)
                return null;
            if (machine is null)
                fallback ??= (login, password);
            return string.Equals(machine, host, StringComparison.OrdinalIgnoreCase) ? (login, password) : null;
        }
    }

    private static IEnumerable<string> Tokens(string text)
    {
        var inMacro = false;
        foreach (var line in text.Split('\n'))
        {
            // A macro ends with an empty line.
            inMacro = inMacro && line.Trim().Length > 0;
            if (inMacro)
                continue;
            foreach (var token in line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (token[0] == '#')
                    break;
                if (token == "macdef")
                {
                    inMacro = true;
                    break;
                }
                yield return token.Length > 1 && token[0] == '"' && token[^1] == '"' ? token[1..^1] : token;
            }
        }
    }
}
