namespace Gpux.Benchmarks.Results;

/// <summary>Names of enumerations as the database has them: in small letters.</summary>
internal static class Names
{
    public static string Of<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static T Parse<T>(string name) where T : struct, Enum => Enum.Parse<T>(name, ignoreCase: true);
}
