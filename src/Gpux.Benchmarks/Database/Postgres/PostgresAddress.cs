using System.Globalization;
using Npgsql;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>Where a PostgreSQL database is: <c>postgresql://[user[:password]@][host[:port]][/database][?name=value&amp;...]</c>.</summary>
/// <remarks>The form is libpq's (PostgreSQL 15, "Connection URIs"), for one host. What the address leaves out comes from PGHOST, PGPORT,
/// PGUSER and PGDATABASE; the password, too, from PGPASSWORD or ~/.pgpass, which Npgsql reads.</remarks>
internal sealed class PostgresAddress
{
    private static readonly string[] Schemes = ["postgresql://", "postgres://"];

    private PostgresAddress(NpgsqlConnectionStringBuilder settings)
    {
        Settings = settings;
        Name = IsFolder(settings.Host) ? $"postgresql:///{settings.Database}?host={settings.Host}" : $"postgresql://{settings.Host}:{settings.Port}/{settings.Database}";
    }

    /// <summary>Host and database; never the password.</summary>
    public string Name { get; }

    /// <summary>As other programs that know libpq's addresses take it, with the user; never the password.</summary>
    public string ForCommands
    {
        get
        {
            var (user, database) = (Uri.EscapeDataString(Settings.Username ?? ""), Uri.EscapeDataString(Settings.Database ?? "")); // WithDefaults gave both
            var host = Settings.Host ?? "";
            return IsFolder(host) ? $"postgresql://{user}@/{database}?host={Uri.EscapeDataString(host)}{(Settings.Port == NpgsqlConnection.DefaultPort ? "" : $"&port={Settings.Port}")}"
                : $"postgresql://{user}@{(host.Contains(':') ? $"[{host}]" : host)}:{Settings.Port}/{database}";
        }
    }

    public NpgsqlConnectionStringBuilder Settings { get; }

    public static bool IsOne(string location) => Scheme(location) is not null;

    /// <exception cref="DatabaseAddressException">It is none.</exception>
    public static PostgresAddress Parse(string location)
    {
        var rest = location.AsSpan((Scheme(location) ?? throw new DatabaseAddressException("it does not begin with postgresql://.")).Length);
        var settings = new NpgsqlConnectionStringBuilder
        {
            ApplicationName = "gpux",
            // A store has one connection for as long as it lives.
            Pooling = false,
            // Statements take as long as they take; a cancelled token ends them.
            CommandTimeout = 0,
            Timezone = "UTC",
        };
        Cut(ref rest, '?', out var parameters);
        Cut(ref rest, '/', out var database);
        if (rest.LastIndexOf('@') is >= 0 and var at)
        {
            var user = rest[..at];
            rest = rest[(at + 1)..];
            Cut(ref user, ':', out var password);
            Set(settings, "user", user);
            Set(settings, "password", password);
        }
        // [::1]:5432 is an address of IPv6 and a port.
        var port = rest.LastIndexOf(':') is >= 0 and var colon && colon > rest.LastIndexOf(']') ? colon : -1;
        Set(settings, "port", port < 0 ? default : rest[(port + 1)..]);
        Set(settings, "host", (port < 0 ? rest : rest[..port]).Trim("[]"));
        Set(settings, "dbname", database);
        foreach (var range in parameters.Split('&'))
        {
            var value = parameters[range];
            if (value.IsEmpty)
                continue;
            Cut(ref value, '=', out var text);
            Set(settings, Unescape(value), text);
        }
        return new(WithDefaults(settings));
    }

    private static NpgsqlConnectionStringBuilder WithDefaults(NpgsqlConnectionStringBuilder settings)
    {
        const string SocketFolder = "/var/run/postgresql"; // of the packages of Linux distributions
        if (string.IsNullOrEmpty(settings.Host))
            settings.Host = Variable("PGHOST") ?? (Directory.Exists(SocketFolder) ? SocketFolder : "localhost");
        // Else Npgsql would look for Kerberos tickets by starting a program.
        if (string.IsNullOrEmpty(settings.Username))
            settings.Username = Variable("PGUSER") ?? Environment.UserName;
        if (string.IsNullOrEmpty(settings.Database))
            settings.Database = Variable("PGDATABASE") ?? settings.Username;
        return settings;
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string name, ReadOnlySpan<char> escaped)
    {
        if (escaped.IsEmpty)
        {
            if (name == "port" && Variable("PGPORT") is { } variable)
                settings.Port = Number(name, variable, ushort.MaxValue);
            return;
        }
        var text = Unescape(escaped);
        switch (name)
        {
            case "user":
                settings.Username = text;
                break;
            case "password":
                settings.Password = text;
                break;
            case "host" when text.Contains(','):
                throw new DatabaseAddressException("it names several hosts, where one is expected.");
            case "host":
                settings.Host = text;
                break;
            case "port":
                settings.Port = Number(name, text, ushort.MaxValue);
                break;
            case "dbname":
                settings.Database = text;
                break;
            case "sslmode":
                settings.SslMode = text switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new DatabaseAddressException("its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full."),
                };
                break;
            case "sslrootcert":
                settings.RootCertificate = text;
                break;
            case "sslcert":
                settings.SslCertificate = text;
                break;
            case "sslkey":
                settings.SslKey = text;
                break;
            case "connect_timeout":
                settings.Timeout = Number(name, text, 1024);
                break;
            case "application_name":
                settings.ApplicationName = text;
                break;
            default:
                throw new DatabaseAddressException($"its parameter '{name}' is none of host, port, user, password, dbname, sslmode, sslrootcert, sslcert, "
                    + "sslkey, connect_timeout and application_name.");
        }
    }

    private static int Number(string name, string text, int largest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= largest
            ? number : throw new DatabaseAddressException($"its {name} is no number from 1 to {largest}.");

    private static string? Scheme(string location) => Array.Find(Schemes, scheme => location.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    private static bool IsFolder(string? host) => host is ['/', ..];

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string Unescape(ReadOnlySpan<char> text)
    {
        var plain = Uri.UnescapeDataString(text);
        return plain.Contains('\0') ? throw new DatabaseAddressException("it has a NUL.") : plain;
    }

    private static void Cut(ref ReadOnlySpan<char> text, char separator, out ReadOnlySpan<char> rest)
    {
        var at = text.IndexOf(separator);
        rest = at < 0 ? default : text[(at + 1)..];
        text = at < 0 ? text : text[..at];
    }
}

/// <summary>The address of a PostgreSQL database cannot be understood.</summary>
/// <remarks>The address itself is not repeated: it may hold a password.</remarks>
public sealed class DatabaseAddressException(string detail) : DatabaseException(
    ErrorCode.DatabaseAddress,
    $"The address of the database cannot be understood: {detail}",
    "Write postgresql://user@host:5432/database, or postgresql:///database?host=/folder/of/the/socket. Percent-encode what is special in a name.");
