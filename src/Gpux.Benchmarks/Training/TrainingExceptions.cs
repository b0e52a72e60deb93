using System.Globalization;
using System.Numerics;

namespace Gpux.Benchmarks.Training;

/// <summary>A training was described by a value that no plan can be made of.</summary>
public sealed class TrainingInputException(string problem, string remedy) : GpuxException(ErrorCode.TrainingInput, problem, remedy)
{
    /// <param name="what">As the beginning of a sentence, such as "the number of GPUs".</param>
    internal static void Require<T>(T value, T least, T most, string what)
        where T : struct, INumber<T>
    {
        // Not a number is not in any range.
        if (!(value >= least && value <= most))
            throw new TrainingInputException(string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(what[0])}{what[1..]} is {value}, where {least} to {most} was expected."),
                "Correct it: nothing was computed.");
    }
}

/// <summary>No GPU that is known by name is meant, or several are.</summary>
public sealed class UnknownAcceleratorException(string name, IReadOnlyList<string> known) : GpuxException(ErrorCode.UnknownAccelerator,
    $"'{name}' names no single GPU. {(known.Count == Accelerator.Known.Count ? "Known are" : "It could be")}: {string.Join(", ", known)}.",
    "Write one of these names, or describe the GPU with --gpu-memory and --gpu-tflops.");

/// <summary>What the model is made of cannot be told from what there is of it.</summary>
/// <param name="remedy">What else can be said of the model where it was asked for; null: as 'gpux plan-training' has it.</param>
public sealed class UnknownTrainingModelException(string model, string detail, string? remedy = null) : GpuxException(ErrorCode.UnknownTrainingModel,
    $"What is to be trained of {model} is not known: {detail}",
    remedy ?? "Describe it with --parameters, --layers and --hidden.")
{
    /// <summary>Why it is not known.</summary>
    public string Detail { get; } = detail;
}

/// <summary>The GPU does not compute in the precision.</summary>
public sealed class TrainingPrecisionException(Accelerator accelerator, string precision) : GpuxException(ErrorCode.TrainingPrecision,
    $"The {accelerator.Name} does not compute in {precision}.",
    "Name another precision with --precision, or another GPU.");

/// <summary>No split of the training fits the memory of these GPUs.</summary>
public sealed class NoTrainingPlanException(TrainingAdvice advice) : GpuxException(ErrorCode.NoTrainingPlan,
    $"{advice.Job.Model.Name} does not fit on {advice.Job.Cluster.GpuCount} x {advice.Job.Cluster.Accelerator.Name}: {advice.NearestMisfitText}",
    advice.WhatWouldFit)
{
    /// <summary>What was tried, and by how much it failed.</summary>
    public TrainingAdvice Advice { get; } = advice;
}

/// <summary>A framework has no arguments for any of the plans.</summary>
public sealed class UnsupportedLaunchException(string framework, string detail) : GpuxException(ErrorCode.UnsupportedLaunch,
    $"{framework} runs none of these plans: {detail}",
    "Ask for another framework with --emit: megatron splits a model in every way, but has fewer optimizers.");
