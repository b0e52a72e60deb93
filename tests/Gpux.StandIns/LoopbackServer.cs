using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Gpux.StandIns;

/// <summary>A request that a stand-in has received.</summary>
/// <param name="Target">Path and query as they were on the wire, percent-encoding and all.</param>
/// <param name="Server">The host and port that received it.</param>
public sealed record ReceivedRequest(string Method, string Target, string Server, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>An HTTP server on a free loopback port, that keeps what it was asked.</summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private LoopbackServer(WebApplication application) => _application = application;

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();
    public string Address => _application.Urls.Single();

    /// <summary>Stands between a client and the answer: may answer instead, or change what the last argument, which answers,
    /// sends.</summary>
    public Func<HttpContext, ReceivedRequest, Func<Task>, Task>? Intercept { get; set; }

    /// <param name="port">0 for any free one.</param>
    public static async Task<LoopbackServer> StartAsync(int port, Func<HttpContext, ReceivedRequest, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, port);
            options.AddServerHeader = false;
            // Slow and stalled bodies are what some tests are about.
            options.Limits.MinResponseDataRate = null;
        });
        var application = builder.Build();
        var server = new LoopbackServer(application);
        application.Run(async context =>
        {
            var request = new ReceivedRequest(
                context.Request.Method,
                context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
                context.Request.Host.Value ?? "",
                context.Request.Headers.ToDictionary(
                    header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
            server.Requests.Enqueue(request);
            if (server.Intercept is { } intercept)
                await intercept(context, request, () => answer(context, request));
            else
                await answer(context, request);
        });
        await application.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // Bodies that are stalled on purpose must not hold up the end.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }
}
