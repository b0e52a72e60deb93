using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Training;
using Gpux.Benchmarks.Training.Launch;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <summary>Shows plans of a training.</summary>
internal sealed class TrainingAdviceText(Terminal terminal, TrainingAdvice advice)
{
    private const int BarCells = 48;

    // One for each part of the memory, from dense to light; what is left is dots.
    private const string Parts = "█▓▒░▪";

    /// <param name="plans">How many to show.</param>
    /// <param name="launch">Printed instead, where it was asked for; null for none.</param>
    public void Print(int plans, bool explain, LaunchSettings? launch) => terminal.Print(
        output =>
        {
            if (launch is not null)
                output.Write(launch.Text);
            else
                Write(output, plans, explain);
        },
        json => Write(json, plans, launch));

    private void Write(TextWriter output, int plans, bool explain)
    {
        var (job, model) = (advice.Job, advice.Job.Model);
        var active = model.Shape.Experts is null ? "" : $", {Count.Format(model.ActiveParameters)} of them active";
        output.WriteLine($"{terminal.Bold(model.Name)}: {Count.Format(model.Parameters)} parameters{active}, {model.Shape.Layers} layers of {model.Shape.HiddenSize}");
        output.WriteLine($"{job.Cluster.GpuCount} x {job.Cluster.Accelerator.Name}: {Size(job.Cluster.Accelerator.MemoryBytes)}, {job.PeakFlops() / 1e12:0} TFLOP/s; "
            + $"{job.Cluster.NodeSize} in a node with {job.Cluster.Accelerator.IntraNodeBytesPerSecond / 1e9:0} GB/s each"
            + (job.Cluster.NodeCount > 1 ? $", {job.Cluster.Accelerator.InterNodeBytesPerSecond * 8 / 1e9:0} Gbit/s each between nodes" : ""));
        output.WriteLine($"{job.Batch} sequences of {job.Sequence} in a step: {Count.Format(job.TokensPerStep)} tokens");
        if (advice.Plans.Count > 0)
        {
            output.WriteLine();
            WritePlans(output, plans);
            output.WriteLine();
            WriteMemory(output, advice.Plans[0]);
        }
        if (explain)
        {
            output.WriteLine();
            foreach (var reason in advice.Reasons)
                output.WriteLine(reason);
        }
        if (advice.Plans.Count > 0 && advice.NearestMisfit is not null)
        {
            output.WriteLine();
            output.WriteLine($"Nearest of what does not fit: {advice.NearestMisfitText}");
        }
    }

    private void WritePlans(TextWriter output, int plans)
    {
        var (hasDays, hasCost) = (advice.Plans[0].Duration is not null, advice.Plans[0].Cost is not null);
        string[] headings = ["", "plan", "micro-batch", "recompute", "memory", "tokens/s", "(range)", "MFU", "step", .. (ReadOnlySpan<string>)(hasDays ? ["days", "(range)"] : []), .. (ReadOnlySpan<string>)(hasCost ? ["cost"] : [])];
        var table = new Table(headings).AlignRight(2, 4, 5, 7, 8, 9, 11);
        foreach (var (index, plan) in advice.Plans.Take(plans).Index())
        {
            var split = plan.Parallelism;
            List<string> row =
            [
                $"{index + 1}", split.ToString(), $"{split.MicroBatch} x {plan.MicroBatches}", Name(split.Recompute), Size(plan.Memory.TotalBytes), Count.Format(plan.TokensPerSecond),
                $"{Count.Format(plan.TokensPerSecondLeast)} - {Count.Format(plan.TokensPerSecondMost)}", $"{plan.ModelFlopsUtilization * 100:0} %", Seconds(plan.Step.TotalSeconds),
            ];
            if (plan is { Duration: { } time, DurationLeast: { } least, DurationMost: { } most })
                row.AddRange([Days(time), $"{Days(least)} - {Days(most)}"]);
            if (plan.Cost is { } cost)
                row.Add(cost.ToString("N0"));
            table.Row([.. row]);
        }
        table.Write(terminal, output);
    }

    private void WriteMemory(TextWriter output, TrainingPlan plan)
    {
        var capacity = advice.Job.Cluster.Accelerator.MemoryBytes;
        (string Name, double Bytes)[] parts =
        [
            ("weights", plan.Memory.WeightBytes), ("gradients", plan.Memory.GradientBytes), ("optimizer", plan.Memory.OptimizerBytes),
            ("activations", plan.Memory.ActivationBytes), ("buffers", plan.Memory.BufferBytesMost),
        ];
        // Ends of parts are rounded, not lengths, so that the whole is as long as it should be.
        var (bar, end, cells) = ("", 0.0, 0);
        for (var i = 0; i < parts.Length; i++)
        {
            end += parts[i].Bytes;
            var until = Math.Clamp((int)Math.Round(end / capacity * BarCells), cells, BarCells);
            bar += new string(Parts[i], until - cells);
            cells = until;
        }
        output.WriteLine($"{terminal.Cyan(bar)}{new string('·', BarCells - cells)}  {Size(plan.Memory.LeastBytes)} - {Size(plan.Memory.TotalBytes)} of {Size(capacity)}; {Size(advice.UsableBytes)} may be filled");
        output.WriteLine(string.Join("  ", parts.Select((part, i) => $"{Parts[i]} {part.Name} {Size(part.Bytes)}")));
    }

    private void Write(Utf8JsonWriter json, int plans, LaunchSettings? launch)
    {
        var (job, model) = (advice.Job, advice.Job.Model);
        json.WriteStartObject();
        json.WriteStartObject("model");
        json.WriteString("name", model.Name);
        json.WriteNumber("parameters", model.Parameters);
        json.WriteNumber("active_parameters", Math.Round(model.ActiveParameters));
        json.WriteNumber("layers", model.Shape.Layers);
        json.WriteNumber("hidden_size", model.Shape.HiddenSize);
        json.WriteEndObject();
        json.WriteStartObject("cluster");
        json.WriteString("gpu", job.Cluster.Accelerator.Name);
        json.WriteNumber("gpus", job.Cluster.GpuCount);
        json.WriteNumber("gpus_per_node", job.Cluster.NodeSize);
        json.WriteNumber("memory_bytes", job.Cluster.Accelerator.MemoryBytes);
        json.WriteNumber("usable_bytes", advice.UsableBytes);
        json.WriteNumber("peak_flops", job.PeakFlops());
        json.WriteNumber("intra_node_bytes_per_second", job.Cluster.Accelerator.IntraNodeBytesPerSecond);
        json.WriteNumber("inter_node_bytes_per_second", job.Cluster.Accelerator.InterNodeBytesPerSecond);
        json.WriteEndObject();
        json.WriteNumber("sequence", job.Sequence);
        json.WriteNumber("global_batch", job.Batch);
        json.WriteStartArray("plans");
        foreach (var plan in advice.Plans.Take(plans))
            Write(json, plan);
        json.WriteEndArray();
        json.WriteStartArray("techniques");
        foreach (var (technique, reason) in advice.Techniques.Zip(advice.Reasons))
        {
            json.WriteStartObject();
            json.WriteString("technique", TrainingAdvice.Name(technique.Kind));
            json.WriteBoolean("fits", technique.Best is not null);
            if (technique.Least is not null)
                json.WriteNumber("least_bytes", technique.LeastBytes);
            else
                json.WriteNull("least_bytes");
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("nearest_misfit", advice.NearestMisfit is null ? null : advice.NearestMisfitText);
        if (advice.Plans.Count == 0)
            json.WriteString("what_would_fit", advice.WhatWouldFit);
        if (launch is not null)
            json.WriteString("launch", launch.Text);
        json.WriteEndObject();
    }

    /// <summary>A plan, as gpux recommend has it too.</summary>
    public static void Write(Utf8JsonWriter json, TrainingPlan plan)
    {
        var (split, memory, step) = (plan.Parallelism, plan.Memory, plan.Step);
        json.WriteStartObject();
        json.WriteString("plan", split.ToString());
        json.WriteNumber("tensor_parallel", split.TensorParallel);
        json.WriteNumber("pipeline_parallel", split.PipelineParallel);
        json.WriteNumber("pipeline_chunks", split.Chunks);
        json.WriteNumber("data_parallel", split.DataParallel);
        json.WriteNumber("zero_stage", split.ZeroStage);
        json.WriteNumber("micro_batch", split.MicroBatch);
        json.WriteNumber("micro_batches", plan.MicroBatches);
        json.WriteString("recompute", Name(split.Recompute));
        json.WriteStartObject("memory_bytes");
        json.WriteNumber("weights", Math.Round(memory.WeightBytes));
        json.WriteNumber("gradients", Math.Round(memory.GradientBytes));
        json.WriteNumber("optimizer", Math.Round(memory.OptimizerBytes));
        json.WriteNumber("activations", Math.Round(memory.ActivationBytes));
        json.WriteNumber("buffers_least", Math.Round(memory.BufferBytesLeast));
        json.WriteNumber("buffers_most", Math.Round(memory.BufferBytesMost));
        json.WriteNumber("total", Math.Round(memory.TotalBytes));
        json.WriteEndObject();
        json.WriteStartObject("step_seconds");
        json.WriteNumber("total", step.TotalSeconds);
        json.WriteNumber("compute", step.ComputeSeconds);
        json.WriteNumber("bubble", step.BubbleSeconds);
        json.WriteNumber("tensor_parallel", step.TensorSeconds);
        json.WriteNumber("pipeline_parallel", step.PipelineSeconds);
        json.WriteNumber("data_parallel", step.DataSeconds);
        json.WriteEndObject();
        Range(json, "tokens_per_second", plan.TokensPerSecond, plan.TokensPerSecondLeast, plan.TokensPerSecondMost);
        json.WriteNumber("mfu", plan.ModelFlopsUtilization);
        if (plan is { Duration: { } time, DurationLeast: { } least, DurationMost: { } most })
            Range(json, "days", time.TotalDays, least.TotalDays, most.TotalDays);
        if (plan is { Cost: { } cost, CostLeast: { } cheapest, CostMost: { } dearest })
            Range(json, "cost", cost, cheapest, dearest);
        json.WriteEndObject();
    }

    private static void Range(Utf8JsonWriter json, string name, double value, double least, double most)
    {
        json.WriteStartObject(name);
        json.WriteNumber("expected", value);
        json.WriteNumber("least", least);
        json.WriteNumber("most", most);
        json.WriteEndObject();
    }

    private static string Name(Recompute recompute) => recompute switch { Recompute.None => "none", Recompute.Selective => "selective", _ => "full" };

    private static string Size(double bytes) => UnitScale.Format("B", bytes);

    private static string Seconds(double seconds) => UnitScale.Format("s", seconds);

    private static string Days(TimeSpan time) => time.TotalDays >= 0.1 ? $"{time.TotalDays:0.0}" : $"{time.TotalDays:0.000}";
}
