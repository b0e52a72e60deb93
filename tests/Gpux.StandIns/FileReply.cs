using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Sends a file as real servers do: ranges, validators and HEAD, or as a fault wants it.</summary>
public static class FileReply
{
    /// <param name="entityTag">With quotes; null for none.</param>
    public static async Task SendAsync(HttpContext context, byte[] content, string? entityTag, Fault? fault = null, bool hasRanges = true)
    {
        var (request, reply) = (context.Request, context.Response);
        if (fault?.Status is { } status)
        {
            reply.StatusCode = status;
            foreach (var (name, value) in fault.Headers)
                reply.Headers[name] = value;
            await reply.WriteAsync(fault.Body);
            return;
        }
        if (entityTag is not null)
            reply.Headers.ETag = entityTag;
        var body = content.AsMemory();
        if (hasRanges && fault?.IgnoresRange != true && request.GetTypedHeaders().Range?.Ranges.SingleOrDefault() is { From: { } first } range
            && (request.Headers.IfRange.Count == 0 || request.Headers.IfRange.ToString() == entityTag))
        {
            if (first >= content.Length)
            {
                reply.StatusCode = 416;
                reply.Headers.ContentRange = $"bytes */{content.Length}";
                return;
            }
            var last = Math.Min(range.To ?? long.MaxValue, content.Length - 1);
            reply.StatusCode = 206;
            reply.Headers.ContentRange = $"bytes {first}-{last}/{content.Length}";
            body = body[(int)first..(int)(last + 1)];
        }
        reply.ContentLength = body.Length;
        if (HttpMethods.IsHead(request.Method))
            return;
        if (fault?.Damages == true)
        {
            var damaged = body.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            body = damaged;
        }
        // A body shorter than announced makes the server close the connection once all of it has been sent.
        await reply.Body.WriteAsync(body[..(int)Math.Min(body.Length, fault?.BreakAfter ?? body.Length)]);
    }

    public static Task JsonAsync(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }
}

/// <summary>Faults that wait for the requests they are meant for.</summary>
public sealed class FaultList
{
    private readonly List<(string Target, Fault Fault)> _faults = [];

    /// <summary>Makes the next request go wrong whose target contains <paramref name="target"/>.</summary>
    public void Add(string target, Fault fault)
    {
        lock (_faults)
            _faults.Add((target, fault));
    }

    public Fault? Take(string target)
    {
        lock (_faults)
        {
            var index = _faults.FindIndex(each => target.Contains(each.Target, StringComparison.Ordinal));
            if (index < 0)
                return null;
            var fault = _faults[index].Fault;
            _faults.RemoveAt(index);
            return fault;
        }
    }
}
