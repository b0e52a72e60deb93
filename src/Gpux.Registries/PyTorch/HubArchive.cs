using System.IO.Compression;
using System.Text;

namespace Gpux.Registries.PyTorch;

/// <summary>The source of a repository as GitHub packs it: one top folder, and in it the files.</summary>
/// <param name="HubConf">The bytes of hubconf.py; null where there is none.</param>
/// <param name="WeightAddresses">Addresses of weight files that its Python source names, in order, each once.</param>
internal sealed record HubArchive(byte[]? HubConf, IReadOnlyList<string> WeightAddresses)
{
    private const int FileLimit = 100_000;
    private const int SourceLimitBytes = 1 << 20;
    private const long AllSourcesLimitBytes = 64 << 20;
    private const int AddressLimit = 1000;
    private const string NotInAddresses = "\"'`<>{}\\^|";
    private static readonly string[] Endings = [".pth", ".pt", ".bin", ".safetensors", ".onnx"];

    /// <exception cref="InvalidDataException">No zip archive, or one of more files than any repository needs.</exception>
    public static async Task<HubArchive> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(content, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        if (zip.Entries.Count > FileLimit)
            throw new InvalidDataException($"It has more than {FileLimit:N0} files.");
        byte[]? hubConf = null;
        var addresses = new List<string>();
        long total = 0;
        foreach (var entry in zip.Entries)
        {
            var slash = entry.FullName.IndexOf('/');
            if (slash < 0 || !entry.FullName.EndsWith(".py", StringComparison.Ordinal) || entry.Length > SourceLimitBytes)
                continue;
            var source = await ReadAsync(entry, cancellationToken);
            if ((total += source.Length) > AllSourcesLimitBytes)
                throw new InvalidDataException($"Its source exceeds {AllSourcesLimitBytes >> 20} MiB.");
            if (entry.FullName.AsSpan(slash + 1) is "hubconf.py")
                hubConf = source;
            AddAddresses(Encoding.UTF8.GetString(source), addresses);
        }
        return new HubArchive(hubConf, addresses);
    }

    /// <summary>Adds the addresses of weight files that a text names.</summary>
    public static void AddAddresses(string text, List<string> addresses)
    {
        for (var at = Next(text, 0); at >= 0 && addresses.Count < AddressLimit; at = Next(text, at + 4))
        {
            var end = at;
            while (end < text.Length && text[end] > ' ' && !NotInAddresses.Contains(text[end]))
                end++;
            var address = text[at..end].TrimEnd(')', ']', ',', ';', '.');
            // One with a brace has a part that only running the program would fill in.
            if ((end < text.Length && text[end] is '{' or '}')
                || !(address.StartsWith("https://", StringComparison.Ordinal) || address.StartsWith("http://", StringComparison.Ordinal)))
                continue;
            if (Array.Exists(Endings, ending => address.EndsWith(ending, StringComparison.Ordinal)) && !addresses.Contains(address))
                addresses.Add(address);
        }

        static int Next(string text, int from) => text.IndexOf("http", from, StringComparison.Ordinal);
    }

    // What a header says of the size is not relied upon.
    private static async Task<byte[]> ReadAsync(ZipArchiveEntry entry, CancellationToken cancellationToken)
    {
        await using var stream = await entry.OpenAsync(cancellationToken);
        var bytes = new byte[(int)entry.Length + 1];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        return length <= entry.Length ? bytes[..length] : throw new InvalidDataException($"'{Printable.Text(entry.FullName)}' is longer than it says.");
    }
}
