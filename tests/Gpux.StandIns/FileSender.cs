using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Sends files as a storage server does, and goes wrong where a test asks for it.</summary>
public sealed class FileSender
{
    private readonly List<(string Target, Fault Fault, int Times)> _faults = [];

    /// <summary>Makes the next requests go wrong whose target contains <paramref name="target"/>.</summary>
    public void Fail(string target, Fault fault, int times = 1)
    {
        lock (_faults)
            _faults.Add((target, fault, times));
    }

    /// <summary>Answers instead of the server where a fault says so.</summary>
    /// <returns>Whether the answer has been given; if not, what is to go wrong with it.</returns>
    public async Task<(bool IsAnswered, Fault? Fault)> FailAsync(HttpContext context, ReceivedRequest request)
    {
        var fault = TakeFault(request.Target);
        if (fault?.Status is not { } status)
            return (false, fault);
        context.Response.StatusCode = status;
        foreach (var (name, value) in fault.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(fault.Body);
        return (true, fault);
    }

    public static async Task SendAsync(HttpContext context, byte[] content, string etag, Fault? fault)
    {
        var reply = context.Response;
        reply.Headers.ETag = etag;
        reply.Headers.AcceptRanges = "bytes";
        reply.ContentType ??= "application/octet-stream";
        var (first, last) = (0L, content.Length - 1L);
        if (fault?.IgnoresRange != true && context.Request.GetTypedHeaders().Range?.Ranges.SingleOrDefault() is { From: { } from } range
            && (context.Request.Headers.IfRange.Count == 0 || context.Request.Headers.IfRange == etag))
        {
            (first, last) = (from, Math.Min(range.To ?? last, last));
            if (first > last)
            {
                reply.StatusCode = 416;
                reply.Headers.ContentRange = $"bytes */{content.Length}";
                return;
            }
            reply.StatusCode = 206;
            reply.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{fault?.ClaimsSize ?? content.Length}");
        }
        reply.ContentLength = reply.StatusCode == 200 && fault?.ClaimsSize is { } claimed ? claimed : last - first + 1;
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        var body = content.AsMemory((int)first, (int)(last - first + 1));
        if (fault?.Damages == true)
        {
            var damaged = body.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            body = damaged;
        }
        await reply.Body.WriteAsync(body[..(int)Math.Min(body.Length, fault?.BreakAfter ?? body.Length)], context.RequestAborted);
        await reply.Body.FlushAsync(context.RequestAborted);
        // A body shorter than announced makes the server close the connection once all of it has been sent.
    }

    public static Task JsonAsync(HttpContext context, string json, int status = 200)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes).AsTask();
    }

    private Fault? TakeFault(string target)
    {
        lock (_faults)
        {
            var index = _faults.FindIndex(each => target.Contains(each.Target, StringComparison.Ordinal));
            if (index < 0)
                return null;
            var (part, fault, times) = _faults[index];
            if (times == 1)
                _faults.RemoveAt(index);
            else
                _faults[index] = (part, fault, times - 1);
            return fault;
        }
    }
}
