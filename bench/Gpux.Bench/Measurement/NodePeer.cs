using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Gpux.Bench.Measurement;

/// <summary>A Node process that measures the peers within a process, when it is asked to, by its own clock.</summary>
internal sealed class NodePeer : IDisposable
{
    private readonly Process _process;

    public NodePeer(string scripts) => _process = Process.Start(new ProcessStartInfo("node", [Path.Combine(scripts, "peer.mjs")])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!; // null only where a shell opens a document

    /// <returns>Milliseconds that the operation took.</returns>
    public double Measure(string operation, JsonObject request) => Ask(operation, request)["milliseconds"]!.GetValue<double>(); // of every operation that is measured

    /// <summary>Frees the sessions that runs have opened.</summary>
    public void CloseSessions() => Ask("close", []);

    public JsonNode Ask(string operation, JsonObject request)
    {
        var line = (JsonObject)request.DeepClone();
        line["operation"] = operation;
        _process.StandardInput.WriteLine(line.ToJsonString());
        _process.StandardInput.Flush();
        var reply = _process.StandardOutput.ReadLine() is { } text ? JsonNode.Parse(text)! // never the word null
            : throw new InvalidOperationException("The peer in Node ended without an answer.");
        return reply["error"] is { } error ? throw new InvalidOperationException($"The peer in Node failed: {error}") : reply;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
