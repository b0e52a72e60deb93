using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Sends a file as real servers do: ranges, validators and HEAD, or as a fault wants it.</summary>
public static class FileReply
{
    /// <param name="entityTag">With quotes; null for none.</param>
    public static async Task SendAsync(HttpContext context, byte[] content, string? entityTag, Fault? fault = null, bool hasRanges = true)
    {
        if (await FailAsync(context, fault))
            return;
        var (request, reply) = (context.Request, context.Response);
        if (entityTag is not null)
            reply.Headers.ETag = entityTag;
        if (hasRanges)
            reply.Headers.AcceptRanges = "bytes";
        reply.ContentType ??= "application/octet-stream";
        var (first, last) = (0L, content.Length - 1L);
        if (hasRanges && fault?.IgnoresRange != true && request.GetTypedHeaders().Range?.Ranges.SingleOrDefault() is { From: { } from } range
            && (request.Headers.IfRange.Count == 0 || request.Headers.IfRange.ToString() == entityTag))
        {
            (first, last) = (from, Math.Min(range.To ?? last, last));
            if (first > last)
            {
                reply.StatusCode = 416;
                reply.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{content.Length}");
                return;
            }
            reply.StatusCode = 206;
            reply.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{fault?.ClaimsSize ?? content.Length}");
        }
        var body = content.AsMemory((int)first, (int)(last - first + 1));
        if (fault?.Compresses == true)
        {
            reply.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(reply.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync(body, context.RequestAborted);
            return;
        }
        reply.ContentLength = reply.StatusCode == 200 && fault?.ClaimsSize is { } claimed ? claimed : body.Length;
        if (HttpMethods.IsHead(request.Method))
            return;
        if (fault?.Damages == true && body.Length > 0)
        {
            var damaged = body.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            body = damaged;
        }
        await reply.Body.WriteAsync(body[..(int)Math.Min(body.Length, fault?.BreakAfter ?? fault?.StallAfter ?? body.Length)], context.RequestAborted);
        await reply.Body.FlushAsync(context.RequestAborted);
        if (fault?.StallAfter is not null)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        // A body shorter than announced makes the server close the connection once all of it has been sent.
    }

    public static async Task JsonAsync(HttpContext context, string json, int status = 200, string type = "application/json")
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes);
    }

    /// <summary>Answers instead of the server where a fault says so.</summary>
    /// <returns>Whether the answer has been given.</returns>
    public static async Task<bool> FailAsync(HttpContext context, Fault? fault)
    {
        if (fault?.Status is not { } status)
            return false;
        context.Response.StatusCode = status;
        foreach (var (name, value) in fault.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(fault.Body);
        return true;
    }
}
