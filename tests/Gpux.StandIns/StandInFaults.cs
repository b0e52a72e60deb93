using System.Globalization;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>What goes wrong next at a stand-in, and how it then sends files.</summary>
public sealed class StandInFaults
{
    private readonly List<(string Target, Fault Fault, int Times)> _waiting = [];

    /// <summary>Makes the next requests go wrong whose target contains <paramref name="target"/>.</summary>
    public void Add(string target, Fault fault, int times = 1)
    {
        lock (_waiting)
            _waiting.Add((target, fault, times));
    }

    /// <summary>Answers a request as its fault says.</summary>
    /// <returns>The fault that is left to the file's body; whether the request is answered.</returns>
    public async Task<(Fault? Fault, bool IsAnswered)> TakeAsync(HttpContext context, ReceivedRequest request)
    {
        var fault = Take(request.Target);
        if (fault?.Status is not { } status)
            return (fault, false);
        context.Response.StatusCode = status;
        foreach (var (name, value) in fault.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(fault.Body);
        return (fault, true);
    }

    /// <summary>Sends a file, or the part of it that the request wants.</summary>
    public static async Task SendAsync(HttpContext context, byte[] content, Fault? fault = null)
    {
        var (request, reply) = (context.Request, context.Response);
        reply.Headers.AcceptRanges = "bytes";
        reply.ContentType = "application/octet-stream";
        var (first, last) = (0L, content.Length - 1L);
        if (fault?.IgnoresRange != true && request.GetTypedHeaders().Range?.Ranges.SingleOrDefault() is { From: { } from } range)
        {
            (first, last) = (from, Math.Min(range.To ?? last, last));
            if (first > last)
            {
                reply.StatusCode = 416;
                reply.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{content.Length}");
                return;
            }
            reply.StatusCode = 206;
            reply.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{content.Length}");
        }
        if (fault?.Compresses == true)
        {
            reply.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(reply.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(content.AsMemory((int)first, (int)(last - first + 1)), context.RequestAborted);
            return;
        }
        reply.ContentLength = last - first + 1;
        if (HttpMethods.IsHead(request.Method))
            return;
        var body = content.AsMemory((int)first, (int)(last - first + 1)).ToArray();
        if (fault?.Damages == true && body.Length > 0)
            body[body.Length / 2] ^= 1;
        var length = (int)Math.Min(body.Length, fault?.BreakAfter ?? fault?.StallAfter ?? body.Length);
        await reply.Body.WriteAsync(body.AsMemory(0, length), context.RequestAborted);
        await reply.Body.FlushAsync(context.RequestAborted);
        if (fault?.StallAfter is not null)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        // A body shorter than announced makes the server close the connection.
    }

    public static async Task JsonAsync(HttpContext context, string json, int status = 200, string type = "application/json")
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes);
    }

    private Fault? Take(string target)
    {
        lock (_waiting)
        {
            var index = _waiting.FindIndex(each => target.Contains(each.Target, StringComparison.Ordinal));
            if (index < 0)
                return null;
            var (part, fault, times) = _waiting[index];
            if (times == 1)
                _waiting.RemoveAt(index);
            else
                _waiting[index] = (part, fault, times - 1);
            return fault;
        }
    }
}
