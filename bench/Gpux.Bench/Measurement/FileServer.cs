using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gpux.Bench.Measurement;

/// <summary>How a server is slower or worse than it could be.</summary>
/// <param name="BytesPerSecond">Of each connection; null for as fast as possible.</param>
/// <param name="Latency">Before each answer.</param>
/// <param name="CutAfterBytes">Of each answer's body, after which the connection ends; null for never.</param>
internal sealed record ServerManners(long? BytesPerSecond = null, TimeSpan Latency = default, long? CutAfterBytes = null);

/// <summary>Serves one file as the Hub would, straight from the system's cache: so cheaply that it is the clients that are
/// measured. Linux only.</summary>
internal sealed partial class FileServer : IDisposable
{
    private const string Commit = "00000000000000000000000000000000000bea01";
    private const int SliceBytes = 1 << 20;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SafeFileHandle _file;
    private readonly long _size;
    private readonly string _sha256;
    private readonly ServerManners _manners;

    public FileServer(string path, string sha256, ServerManners manners)
    {
        (_file, _sha256, _manners) = (File.OpenHandle(path), sha256, manners);
        _size = RandomAccess.GetLength(_file);
        _listener.Start(128);
        Address = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string Address { get; }

    /// <summary>Where the file is.</summary>
    public string FileAddress => $"{Address}/bench/pull/resolve/{Commit}/weights.bin";

    public void Dispose()
    {
        _listener.Dispose();
        _file.Dispose();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptSocket();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (SocketException)
        {
            // The listener is disposed.
        }
    }

    private void Serve(Socket client)
    {
        using var _ = client;
        client.NoDelay = true;
        var buffer = new byte[1 << 16];
        var have = 0;
        try
        {
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
                {
                    var read = client.Receive(buffer, have, buffer.Length - have, SocketFlags.None);
                    if (read == 0)
                        return;
                    have += read;
                }
                var request = Encoding.Latin1.GetString(buffer, 0, end + 2);
                // A body, which only the listing by POST has, is small and of no interest.
                var body = Header(request, "Content-Length") is { } length ? int.Parse(length, CultureInfo.InvariantCulture) : 0;
                while (have < end + 4 + body)
                    have += client.Receive(buffer, have, buffer.Length - have, SocketFlags.None);
                buffer.AsSpan(end + 4 + body, have - end - 4 - body).CopyTo(buffer);
                have -= end + 4 + body;
                if (_manners.Latency > TimeSpan.Zero)
                    Thread.Sleep(_manners.Latency);
                if (!Answer(client, request))
                    return;
            }
        }
        catch (SocketException)
        {
            // The client has gone.
        }
    }

    private bool Answer(Socket client, string request)
    {
        var target = request.Split(' ')[1];
        if (!target.Contains("/resolve/", StringComparison.Ordinal))
        {
            Send(client, "200 OK", "Content-Type: application/json", Listing(target));
            return true;
        }
        var (first, last) = (0L, _size - 1);
        var isRanged = Header(request, "Range") is { } range && TryRange(range, out first, out last);
        var head = $"HTTP/1.1 {(isRanged ? "206 Partial Content" : "200 OK")}\r\nContent-Length: {last - first + 1}\r\nAccept-Ranges: bytes\r\n"
            + (isRanged ? $"Content-Range: bytes {first}-{last}/{_size}\r\n" : "")
            + $"ETag: \"{_sha256}\"\r\nX-Linked-Etag: \"{_sha256}\"\r\nX-Linked-Size: {_size}\r\nX-Repo-Commit: {Commit}\r\n\r\n";
        client.Send(Encoding.ASCII.GetBytes(head));
        return request.StartsWith("HEAD", StringComparison.Ordinal) || SendFile(client, first, last - first + 1);
    }

    // False if the connection is to be cut.
    private bool SendFile(Socket client, long offset, long count)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var (end, sent) = (Math.Min(count, _manners.CutAfterBytes ?? count), 0L);
        while (sent < end)
        {
            var slice = (int)Math.Min(SliceBytes, end - sent);
            if (_manners.BytesPerSecond is { } rate)
            {
                slice = Math.Min(slice, (int)(rate / 50));
                var due = TimeSpan.FromSeconds((double)sent / rate) - System.Diagnostics.Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.Zero)
                    Thread.Sleep(due);
            }
            var written = sendfile((int)client.Handle, (int)_file.DangerousGetHandle(), ref offset, slice);
            if (written <= 0)
                return false;
            sent += written;
        }
        return end == count;
    }

    private static void Send(Socket client, string status, string header, string body) => client.Send(
        Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    private string Listing(string target)
    {
        var entry = $"{{\"type\":\"file\",\"oid\":\"{new string('1', 40)}\",\"size\":{_size},\"path\":\"weights.bin\","
            + $"\"lfs\":{{\"oid\":\"{_sha256}\",\"size\":{_size},\"pointerSize\":134}},"
            + $"\"lastCommit\":{{\"id\":\"{Commit}\",\"title\":\"t\",\"date\":\"2026-01-01T00:00:00.000Z\"}}}}";
        return target.Contains("/tree/", StringComparison.Ordinal) || target.Contains("/paths-info/", StringComparison.Ordinal) ? $"[{entry}]"
            : $"{{\"_id\":\"1\",\"id\":\"bench/pull\",\"modelId\":\"bench/pull\",\"sha\":\"{Commit}\",\"private\":false,\"gated\":false,\"disabled\":false,"
                + "\"downloads\":1,\"likes\":1,\"tags\":[],\"lastModified\":\"2026-01-01T00:00:00.000Z\",\"siblings\":[{\"rfilename\":\"weights.bin\","
                + $"\"size\":{_size},\"blobId\":\"{new string('1', 40)}\",\"lfs\":{{\"sha256\":\"{_sha256}\",\"size\":{_size},\"pointerSize\":134}}}}]}}";
    }

    private bool TryRange(string range, out long first, out long last)
    {
        (first, last) = (0, _size - 1);
        if (!range.StartsWith("bytes=", StringComparison.Ordinal) || range.Split('=', '-') is not [_, var from, var to] || from.Length == 0)
            return false;
        first = long.Parse(from, CultureInfo.InvariantCulture);
        if (to.Length > 0)
            last = Math.Min(last, long.Parse(to, CultureInfo.InvariantCulture));
        return true;
    }

    private static string? Header(string request, string name)
    {
        foreach (var line in request.Split("\r\n"))
        {
            if (line.StartsWith(name, StringComparison.OrdinalIgnoreCase) && line.Length > name.Length && line[name.Length] == ':')
                return line[(name.Length + 1)..].Trim();
        }
        return null;
    }

    // The runtime's own SendFile takes no part of a file.
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendfile(int to, int from, ref long offset, nint count);
}
