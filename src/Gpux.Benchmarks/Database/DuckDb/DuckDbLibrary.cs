using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>Finds DuckDB: the file that GPUX_DUCKDB names, else the one shipped beside the program.</summary>
internal static class DuckDbLibrary
{
    /// <summary>The name under which C# declarations import it.</summary>
    public const string Name = "duckdb";

    private const string Variable = "GPUX_DUCKDB";

    // The newest of the functions called: a library that has it has them all.
    private const string NewestFunction = "duckdb_appender_error_data";

    private static readonly Lock Loading = new();
    private static nint _library;

    /// <summary>The file that is, or would be, loaded.</summary>
    public static string Location
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
                return chosen;
            var file = OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
            var system = OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-";
            var platform = system + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            var shipped = Path.Combine(AppContext.BaseDirectory, "runtimes", platform, "native", file);
            return File.Exists(shipped) ? shipped : Path.Combine(AppContext.BaseDirectory, file);
        }
    }

#pragma warning disable CA2255 // Imports of this assembly must find their library whichever of its types is used first.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() =>
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Name ? Load() : 0);

    /// <exception cref="DuckDbLibraryException">The file is missing, cannot be loaded or is too old.</exception>
    internal static nint Load(string path)
    {
        if (!File.Exists(path))
            throw new DuckDbLibraryException($"The library DuckDB was looked for at '{path}', where there is no file.");
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            throw new DuckDbLibraryException($"The library DuckDB at '{path}' cannot be loaded: {exception.Message}", exception);
        }
        if (!NativeLibrary.TryGetExport(library, NewestFunction, out _))
            throw new DuckDbLibraryException($"The library at '{path}' is no DuckDB of version 1.4 or later: it lacks {NewestFunction}.");
        return library;
    }

    private static nint Load()
    {
        lock (Loading)
            return _library != 0 ? _library : _library = Load(Location);
    }
}

/// <summary>DuckDB is missing, damaged, too old or of another platform.</summary>
public sealed class DuckDbLibraryException(string problem, Exception? inner = null) : DatabaseException(
    ErrorCode.DuckDbLibrary, problem,
    $"Build again (npm must be installed), reinstall GPUX, or set GPUX_DUCKDB to a DuckDB for {RuntimeInformation.RuntimeIdentifier}.",
    inner);
