using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.Postgres;

namespace Gpux.Benchmarks.Tests.Database.Postgres;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgresql://ada@db.example:6432/results", "db.example", 6432, "ada", null, "results")]
    [InlineData("postgres://ada:s%40%3Acret@db.example/results", "db.example", 5432, "ada", "s@:cret", "results")]
    [InlineData("postgresql://ada@[::1]:6432/results", "::1", 6432, "ada", null, "results")]
    [InlineData("postgresql://ada@/results?host=/run/db&port=5433", "/run/db", 5433, "ada", null, "results")]
    [InlineData("postgresql://%2Frun%2Fdb/results?user=ada&password=x", "/run/db", 5432, "ada", "x", "results")]
    [InlineData("POSTGRESQL://ada@db.example", "db.example", 5432, "ada", null, "ada")]
    public void Address_is_read_as_libpq_reads_it(string text, string host, int port, string user, string? password, string database)
    {
        var settings = PostgresAddress.Parse(text).Settings;
        Assert.Equal((host, port, user, password, database), (settings.Host, settings.Port, settings.Username, settings.Password, settings.Database));
    }

    [Fact]
    public void Name_has_host_and_database_and_no_password()
    {
        Assert.Equal("postgresql://db.example:5432/results", BenchmarkDatabase.NameOf("postgres://ada:secret@db.example/results?sslmode=require"));
        Assert.Equal("postgresql:///results?host=/run/db", BenchmarkDatabase.NameOf("postgres://ada:secret@/results?host=/run/db"));
        Assert.Equal("secret.duckdb", BenchmarkDatabase.NameOf("secret.duckdb"));
    }

    [Theory]
    [InlineData("postgres://ada:secret@db.example/results?sslmode=require", "postgresql://ada@db.example:5432/results")]
    [InlineData("postgres://a%40b:secret@[::1]:6432/my%20results", "postgresql://a%40b@[::1]:6432/my%20results")]
    [InlineData("postgres://ada:secret@/results?host=/run/db&port=5433", "postgresql://ada@/results?host=%2Frun%2Fdb&port=5433")]
    public void Commands_get_the_user_and_no_password(string text, string command)
    {
        var address = PostgresAddress.Parse(text);
        Assert.Equal(command, address.ForCommands);
        var again = PostgresAddress.Parse(address.ForCommands).Settings;
        Assert.Equal((address.Settings.Host, address.Settings.Port, address.Settings.Username, address.Settings.Database), (again.Host, again.Port, again.Username, again.Database));
    }

    [Theory]
    [InlineData("postgresql://ada:secret@h/d?password=secret&unknown=1", "unknown")]
    [InlineData("postgresql://ada:secret@h:0/d", "port")]
    [InlineData("postgresql://ada:secret@h:99999/d", "port")]
    [InlineData("postgresql://ada:secret@h,i/d", "several hosts")]
    [InlineData("postgresql://ada:secret@h/d?sslmode=maybe", "sslmode")]
    public void What_is_no_address_is_said_without_the_password(string text, string says)
    {
        var refused = Assert.Throws<DatabaseAddressException>(() => PostgresAddress.Parse(text));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
    }
}
