using System.Buffers;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gpux.Benchmarks.Tests.Reports;

/// <summary>A browser without a window and without a network: Chromium, which eng/test-tools.sh installs.</summary>
/// <remarks>Source: Chrome DevTools Protocol 1.3.</remarks>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _limit = new(Limit);
    private readonly List<JsonElement> _events = [];
    private string? _session;
    private int _last;

    private Browser(Process process, string profile) => (_process, _profile) = (process, profile);

    public static async Task<Browser> StartAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(_ => Names, Path.Combine).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("Pages are looked at with Chromium, which is not installed: eng/test-tools.sh installs it.");
        var profile = Directory.CreateTempSubdirectory("gpux-browser-").FullName;
        // Names resolve to nothing, so that what a page asks of others fails and is told.
        var process = Process.Start(new ProcessStartInfo(program,
            ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!; // a new process each time
        var browser = new Browser(process, profile);
        try
        {
            const string Announced = "DevTools listening on ";
            var line = "";
            while (!line.StartsWith(Announced, StringComparison.Ordinal))
                line = await process.StandardError.ReadLineAsync(browser._limit.Token) ?? throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
            _ = process.StandardError.ReadToEndAsync(); // so that it never waits to be read
            await browser._socket.ConnectAsync(new Uri(line[Announced.Length..]), browser._limit.Token);
            var target = (await browser.CallAsync("Target.createTarget", new() { ["url"] = "about:blank" })).GetProperty("targetId").GetString();
            browser._session = (await browser.CallAsync("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true })).GetProperty("sessionId").GetString();
            foreach (var domain in (string[])["Page", "Log", "Runtime", "Network"])
                await browser.CallAsync($"{domain}.enable", []);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a file, and asks an expression of it.</summary>
    /// <param name="scheme">"light" or "dark".</param>
    /// <returns>What the expression says; what the console said; addresses that were asked for besides the file.</returns>
    public async Task<(JsonElement Value, string[] Console, string[] Requests)> LookAsync(string path, int width, string scheme, string expression)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await CallAsync("Emulation.setEmulatedMedia", new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }) });
        _events.Clear();
        var address = new Uri(path).AbsoluteUri;
        await CallAsync("Page.navigate", new() { ["url"] = address });
        while (!_events.Exists(each => Method(each) == "Page.loadEventFired"))
            _events.Add(await ReceiveAsync());
        var value = (await CallAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true })).GetProperty("result").GetProperty("value");
        return (value, [.. _events.Where(each => Method(each) is "Log.entryAdded" or "Runtime.exceptionThrown" or "Runtime.consoleAPICalled").Select(each => each.GetRawText())],
            [.. _events.Where(each => Method(each) == "Network.requestWillBeSent").Select(each => each.GetProperty("params").GetProperty("request").GetProperty("url").GetString() ?? "").Where(url => url != address)]);
    }

    private static string? Method(JsonElement message) => message.TryGetProperty("method", out var method) ? method.GetString() : null;

    private async Task<JsonElement> CallAsync(string method, JsonObject parameters)
    {
        var call = new JsonObject { ["id"] = ++_last, ["method"] = method, ["params"] = parameters };
        if (_session is not null)
            call["sessionId"] = _session;
        await _socket.SendAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, _limit.Token);
        while (true)
        {
            var message = await ReceiveAsync();
            if (!message.TryGetProperty("id", out var id) || id.GetInt32() != _last)
                _events.Add(message);
            else
                return message.TryGetProperty("result", out var result) ? result : throw new InvalidOperationException($"{method}: {message.GetRawText()}");
        }
    }

    private async Task<JsonElement> ReceiveAsync()
    {
        var text = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await _socket.ReceiveAsync(text.GetMemory(1 << 14), _limit.Token);
            text.Advance(part.Count);
            if (!part.EndOfMessage)
                continue;
            using var document = JsonDocument.Parse(text.WrittenMemory);
            return document.RootElement.Clone();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _socket.Dispose();
        _process.Dispose();
        _limit.Dispose();
        await DeleteAsync(_profile);
    }

    // Its other processes may write for a moment yet.
    private static async Task DeleteAsync(string folder)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }
}
