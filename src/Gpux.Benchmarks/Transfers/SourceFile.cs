using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Benchmarks.Database;
using Gpux.Benchmarks.Database.DuckDb;

namespace Gpux.Benchmarks.Transfers;

internal enum SourceKind
{
    Text,
    Json,
    Parquet,
    Database,

    /// <summary>A folder that MLflow made for a run.</summary>
    RunFolder,
}

/// <summary>A file that is to be imported: its digest, its kind and its first bytes; unpacked where it is compressed.</summary>
internal sealed class SourceFile : IDisposable
{
    private const int HeadBytes = 1 << 18;

    // A bomb of a few megabytes must not fill the disk.
    private const long MaxUnpackedBytes = 16L << 30;

    // Results that come as one document are read whole.
    private const long MaxDocumentBytes = 256L << 20;
    private const int MaxRunFiles = 100_000;

    /// <summary>As deep as a document may nest.</summary>
    public const int MaxDepth = 64;

    /// <summary>Characters that DuckDB takes for a pattern of several names.</summary>
    private static readonly SearchValues<char> PatternCharacters = SearchValues.Create("*?[]{}\\");

    private readonly bool _isPacked;
    private readonly string? _temporary;
    private readonly Lazy<IReadOnlyList<string>> _columns;

    private SourceFile(ScratchDatabase scratch, string path, bool isPacked, string? temporary, SourceKind kind, byte[] head, string sha256, DateTimeOffset modifiedAt)
    {
        Scratch = scratch;
        (Path, _isPacked, _temporary, Kind, Sha256, ModifiedAt) = (path, isPacked, temporary, kind, sha256, modifiedAt);
        Head = kind is SourceKind.Text or SourceKind.Json ? Encoding.UTF8.GetString(head.AsSpan(BomLength(head))) : "";
        _columns = new(ReadColumns);
    }

    /// <summary>That reads the file where DuckDB does.</summary>
    public ScratchDatabase Scratch { get; }

    /// <summary>As the user named it, or found in the folder that was named.</summary>
    public string Path { get; }

    /// <summary>The file with the plain bytes, under a name that DuckDB takes as it is: for Parquet and databases.</summary>
    public string Content => _temporary ?? System.IO.Path.GetFullPath(Path);

    public SourceKind Kind { get; }

    /// <summary>Of the file as it lies there.</summary>
    public string Sha256 { get; }

    public DateTimeOffset ModifiedAt { get; }

    /// <summary>The beginning of a text; empty for other kinds.</summary>
    public string Head { get; }

    /// <summary>What the rows are made of: the heading of a text, the properties of the first JSON object, the columns of Parquet.</summary>
    public IReadOnlyList<string> Columns => _columns.Value;

    /// <exception cref="UnreadableResultFileException">It is missing, too large, or no UTF-8.</exception>
    public static SourceFile Open(string path, ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        string? temporary = null;
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
                throw new UnreadableResultFileException(path, "there is no such file.", "Check the path.");
            var sha256 = Digest(path, cancellationToken);
            var isPacked = StartsWith(path, [0x1f, 0x8b]);
            var head = ReadHead(path, isPacked);
            var kind = KindOf(path, head);
            if (kind is SourceKind.Parquet or SourceKind.Database && (isPacked || path.AsSpan().ContainsAny(PatternCharacters)))
                temporary = CopyForDuckDb(path, isPacked, cancellationToken);
            var file = new SourceFile(scratch, path, isPacked, temporary, kind, head, sha256, info.LastWriteTimeUtc);
            temporary = null;
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException)
        {
            throw new UnreadableResultFileException(path, exception.Message, "Check the file, and that you may read it.", exception);
        }
        finally
        {
            Forget(temporary);
        }
    }

    /// <summary>A folder of a run that MLflow tracked: meta.yaml beside metrics, params and tags.</summary>
    public static SourceFile OpenRunFolder(string path, ScratchDatabase scratch, CancellationToken cancellationToken)
    {
        try
        {
            return new SourceFile(scratch, path, isPacked: false, null, SourceKind.RunFolder, [], DigestOfRun(path, cancellationToken), Directory.GetLastWriteTimeUtc(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableResultFileException(path, exception.Message, "Check the folder, and that you may read it.", exception);
        }
    }

    /// <summary>What a run folder holds of metrics, params and tags: links and artifacts are left out.</summary>
    public static IEnumerable<string> RunFiles(string path, string part)
    {
        var folder = new DirectoryInfo(System.IO.Path.Combine(path, part));
        if (!folder.Exists || folder.LinkTarget is not null)
            return [];
        return folder.EnumerateFiles("*", new EnumerationOptions
        {
            RecurseSubdirectories = true, MaxRecursionDepth = 8, AttributesToSkip = FileAttributes.ReparsePoint,
        }).Take(MaxRunFiles).Select(file => file.FullName).Order(StringComparer.Ordinal);
    }

    /// <exception cref="UnreadableResultFileException">The file is another than when it was opened.</exception>
    public void VerifyUnchanged(CancellationToken cancellationToken)
    {
        string now;
        try
        {
            now = Kind == SourceKind.RunFolder ? DigestOfRun(Path, cancellationToken) : Digest(Path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableResultFileException(Path, exception.Message, "Import it when nobody writes it.", exception);
        }
        if (now != Sha256)
            throw new UnreadableResultFileException(Path, "it changed while it was read.", "Import it when nobody writes it.");
    }

    /// <summary>Refuses a table without some columns, and tells which are like them.</summary>
    /// <exception cref="ResultColumnsException">It lacks one.</exception>
    public void Require(IEnumerable<string> columns, string remedy)
    {
        foreach (var column in columns)
            if (!Columns.Contains(column))
                throw new ResultColumnsException(Path, $"'{column}' is missing; closest: {string.Join(", ", ColumnMap.Closest(column, Columns))}.", remedy);
    }

    /// <summary>Its bytes from the first, unpacked. The caller disposes of the stream.</summary>
    public Stream OpenContent() => Open(Path, _isPacked);

    /// <summary>The whole text of a small file.</summary>
    public string ReadText()
    {
        try
        {
            return StrictUtf8.Encoding.GetString(ReadBytes().Span);
        }
        catch (DecoderFallbackException exception)
        {
            throw new UnreadableResultFileException(Path, exception.Message, "Write it as UTF-8.", exception);
        }
    }

    /// <summary>The whole of a small file, without a byte order mark.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        var content = new ArrayBufferWriter<byte>(1 << 16);
        using var stream = OpenContent();
        for (int count; (count = stream.Read(content.GetSpan(1 << 16))) > 0;)
        {
            content.Advance(count);
            if (content.WrittenCount > MaxDocumentBytes)
                throw new UnreadableResultFileException(Path, $"it is one document of more than {MaxDocumentBytes:N0} bytes.", "Write it without the values of single requests.");
        }
        return content.WrittenMemory[BomLength(content.WrittenSpan)..];
    }

    public void Dispose() => Forget(_temporary);

    private static void Forget(string? temporary)
    {
        if (temporary is not null)
            Directory.Delete(System.IO.Path.GetDirectoryName(temporary)!, recursive: true); // the folder that was made for it
    }

    private IReadOnlyList<string> ReadColumns() => Kind switch
    {
        SourceKind.Text => CsvHeading.Of(Head).Columns,
        SourceKind.Json => FirstProperties(Encoding.UTF8.GetBytes(Head)),
        SourceKind.Parquet => ParquetTable.Columns(this),
        _ => [],
    };

    // The file may go on after these bytes, so its end is no mistake.
    private static List<string> FirstProperties(ReadOnlySpan<byte> head)
    {
        var names = new List<string>();
        var reader = new Utf8JsonReader(head, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = MaxDepth }));
        try
        {
            var depth = -1;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject && depth < 0)
                    depth = reader.CurrentDepth;
                else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1)
                    names.Add(reader.GetString() ?? "");
                else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth)
                    break;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // a name with half a surrogate pair
        {
            // What is wrong is said when the rows are read; the names up to there tell the format.
        }
        return names;
    }

    private static SourceKind KindOf(string path, ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PAR1"u8))
            return SourceKind.Parquet;
        if (FileSignature.IsOne(head))
            return SourceKind.Database;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || head.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
            throw new UnreadableResultFileException(path, "it is UTF-16.", "Save it as UTF-8.");
        if (head.Contains((byte)0))
            throw new UnknownResultFormatException(path, "it is no text, and neither Parquet nor a DuckDB database.");
        var text = head[BomLength(head)..].TrimStart(" \t\r\n"u8);
        return text.Length > 0 && text[0] is (byte)'{' or (byte)'[' ? SourceKind.Json : SourceKind.Text;
    }

    private static int BomLength(ReadOnlySpan<byte> head) => head.StartsWith(Encoding.UTF8.Preamble) ? 3 : 0;

    private static Stream Open(string path, bool isPacked)
    {
        var file = File.OpenRead(path);
        return isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private static byte[] ReadHead(string path, bool isPacked)
    {
        using var stream = Open(path, isPacked);
        var head = new byte[HeadBytes];
        return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
    }

    private static bool StartsWith(string path, ReadOnlySpan<byte> magic)
    {
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[magic.Length];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(magic);
    }

    /// <returns>The copy, in a folder of its own.</returns>
    private static string CopyForDuckDb(string path, bool isPacked, CancellationToken cancellationToken)
    {
        string? copy = null;
        try
        {
            copy = System.IO.Path.Combine(Directory.CreateTempSubdirectory("gpux-import-").FullName, "content");
            using var output = File.Create(copy);
            using var source = Open(path, isPacked);
            var buffer = new byte[1 << 16];
            for (int count; (count = source.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (isPacked && output.Length + count > MaxUnpackedBytes)
                    throw new UnreadableResultFileException(path, $"it unpacks to more than {MaxUnpackedBytes:N0} bytes.", "Cut it into several files.");
                output.Write(buffer, 0, count);
            }
            output.Flush(flushToDisk: false); // what a full disk refuses is known here
            return copy;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Forget(copy);
            throw new ImportCopyException(path, exception);
        }
        catch
        {
            Forget(copy);
            throw;
        }
    }

    private static string Digest(string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, path, cancellationToken);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string DigestOfRun(string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<string> files = [System.IO.Path.Combine(path, "meta.yaml"), .. RunFiles(path, "metrics"), .. RunFiles(path, "params"), .. RunFiles(path, "tags")];
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{System.IO.Path.GetRelativePath(path, file)}\0{new FileInfo(file).Length}\0"));
            Append(hash, file, cancellationToken);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, string path, CancellationToken cancellationToken)
    {
        using var stream = File.OpenRead(path);
        var buffer = new byte[1 << 17];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
        }
    }
}
