using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>What makes a run the same wherever it comes from: what was run on what, how, and what was found.</summary>
/// <remarks>Left out is what changes, or is lost, on the way of a result between databases and files: how it came here, the version it
/// is linked to, descriptions (of the model, the hardware, the machine, the driver and its options), reasons and samples.</remarks>
internal static class RunDigest
{
    private static readonly Metric[] MetricsByName = [.. Metric.All.OrderBy(metric => metric.Name, StringComparer.Ordinal)];

    /// <returns>SHA-256, 64 hexadecimal digits.</returns>
    public static string Of(BenchmarkRun run)
    {
        var content = new Content(new ArrayBufferWriter<byte>(2048));
        content.Add(run.Model.Name);
        content.Add(run.Hardware.Name);
        content.Add(run.MachineFingerprint);
        content.Add(run.Suite);
        content.Add(run.BenchmarkVersion);
        content.Add(Names.Of(run.Workload.TaskType));
        content.Add(run.Workload.Scenario);
        content.Add(run.Workload.Precision);
        content.Add(run.Workload.BatchSize);
        content.Add(run.Workload.InputTokens);
        content.Add(run.Workload.OutputTokens);
        content.Add(run.Workload.Concurrency);
        content.Add(run.Workload.OfferedRate);
        content.Add(run.Engine.Backend);
        content.Add(run.Engine.Version);
        content.Add(run.Engine.ExecutionProvider);
        content.Add(run.Engine.Threads);
        content.Add(run.Seed);
        content.Add(run.LaunchCount);
        content.Add(Names.Of(run.Verdict));
        content.Add(SqlTime.ToMicroseconds(run.StartedAt));
        content.Add(run.Duration.TotalSeconds);
        foreach (var metric in MetricsByName)
        {
            if (run[metric] is not { } result)
                continue;
            content.Add(result.Metric.Name);
            content.Add(result.SampleCount);
            content.Add(result.Mean);
            content.Add(result.P50);
            content.Add(result.P90);
            content.Add(result.P95);
            content.Add(result.P99);
            content.Add(result.StandardDeviation);
            content.Add(result.ConfidenceLow);
            content.Add(result.ConfidenceHigh);
            content.Add(result.ConfidenceLevel);
        }
        return Convert.ToHexStringLower(SHA256.HashData(content.Bytes));
    }

    /// <summary>Writes values so that no two lists of them are the same bytes: each with whether it is there, a text with its length.</summary>
    private readonly struct Content(ArrayBufferWriter<byte> buffer)
    {
        public ReadOnlySpan<byte> Bytes => buffer.WrittenSpan;

        public void Add(string? value)
        {
            Add(value is null ? null : (long)Encoding.UTF8.GetByteCount(value));
            Encoding.UTF8.GetBytes(value, buffer);
        }

        public void Add(double? value) => Add(value is { } number ? BitConverter.DoubleToInt64Bits(number == 0 ? 0 : number) : null); // -0 is 0

        public void Add(long? value)
        {
            var bytes = buffer.GetSpan(9);
            bytes[0] = value is null ? (byte)0 : (byte)1;
            BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], value ?? 0);
            buffer.Advance(9);
        }
    }
}
