using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Gpux.Benchmarks.Database.Migrations;

/// <summary>One change of the schema.</summary>
/// <param name="Version">From 1, without gaps.</param>
/// <param name="Name">Such as "0001-benchmark-results".</param>
/// <param name="Sql">Its statements.</param>
internal sealed record Migration(int Version, string Name, string Sql)
{
    private const string Extension = ".sql";

    /// <summary>SHA-256 of the text with LF line ends, so that a checkout on Windows has the same.</summary>
    public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>Those that this build knows, in order.</summary>
    public static IReadOnlyList<Migration> Known { get; } = ReadEmbedded();

    /// <param name="name">Its first four characters are the version.</param>
    public static Migration Named(string name, string sql) => new(int.Parse(name.AsSpan(0, 4)), name, sql);

    private static Migration[] ReadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var names = Array.FindAll(assembly.GetManifestResourceNames(), name => name.EndsWith(Extension, StringComparison.Ordinal));
        Array.Sort(names, StringComparer.Ordinal);
        return Array.ConvertAll(names, name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!); // the name is from the list
            return Named(name[..^Extension.Length], reader.ReadToEnd());
        });
    }
}
