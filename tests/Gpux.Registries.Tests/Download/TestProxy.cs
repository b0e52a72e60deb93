using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gpux.Registries.Tests.Download;

/// <summary>A proxy for HTTP that wants a name and a password, and keeps what it was asked.</summary>
internal sealed class TestProxy : IDisposable
{
    public const string Credential = "me:pass-word";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TestProxy()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The first lines of those requests that were let through.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The listener is disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var head = await ReadHeadAsync(stream);
            var lines = head.Split("\r\n");
            var wanted = $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(Credential))}";
            if (!lines.Contains(wanted))
            {
                await stream.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                return;
            }
            Requests.Enqueue(lines[0]);
            var words = lines[0].Split(' ');
            var isTunnel = words[0] == "CONNECT";
            var target = new Uri(isTunnel ? $"https://{words[1]}" : words[1]);
            using var server = new TcpClient();
            await server.ConnectAsync(target.Host, target.Port);
            var other = server.GetStream();
            if (isTunnel)
            {
                await stream.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
            }
            else
            {
                // One request a connection keeps this simple.
                var headers = lines[1..^2].Where(line => !line.StartsWith("Proxy-", StringComparison.Ordinal) && !line.StartsWith("Connection:", StringComparison.Ordinal));
                await other.WriteAsync(Encoding.ASCII.GetBytes($"{words[0]} {target.PathAndQuery} HTTP/1.1\r\n{string.Join("\r\n", headers)}\r\nConnection: close\r\n\r\n"));
            }
            await Task.WhenAny(stream.CopyToAsync(other), other.CopyToAsync(stream));
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // One of the two has gone.
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
                throw new IOException("The client has gone.");
            head.Append((char)one[0]);
        }
        return head.ToString();
    }
}
