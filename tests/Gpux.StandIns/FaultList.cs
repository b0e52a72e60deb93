using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Faults that wait for the requests they are meant for.</summary>
public sealed class FaultList
{
    private readonly List<(string Target, Fault Fault, int Times)> _waiting = [];

    /// <summary>Makes the next requests go wrong whose target contains <paramref name="target"/>.</summary>
    public void Add(string target, Fault fault, int times = 1)
    {
        lock (_waiting)
            _waiting.Add((target, fault, times));
    }

    public Fault? Take(string target)
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

    /// <summary>Answers a request as its fault says.</summary>
    /// <returns>The fault that is left to the file's body; whether the request is answered.</returns>
    public async Task<(Fault? Fault, bool IsAnswered)> TakeAsync(HttpContext context, ReceivedRequest request)
    {
        var fault = Take(request.Target);
        return (fault, await FileReply.FailAsync(context, fault));
    }
}
