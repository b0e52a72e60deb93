using System.Globalization;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Projects;

/// <summary>What a project says of the session and the pipeline.</summary>
public static class ProjectSession
{
    // By ONNX Runtime's options of each provider.
    private static readonly (string Provider, string Option)[] MemoryLimits =
    [
        ("CUDA", "gpu_mem_limit"), ("ROCM", "gpu_mem_limit"), ("MIGraphX", "migraphx_mem_limit"), ("CANN", "npu_mem_limit"),
    ];

    /// <summary>The execution provider of a project that names a backend, with its limit of memory.</summary>
    /// <exception cref="ProjectException">The backend has no limit of memory.</exception>
    public static ExecutionProvider Provider(ProjectFile project)
    {
        var name = project.Runtime.Backend!; // the caller has looked
        if (project.Runtime.MemoryBytes is not { } bytes)
            return new ExecutionProvider(name);
        var option = Array.Find(MemoryLimits, limit => ExecutionProvider.AreSame(limit.Provider, name)).Option ?? throw new ProjectException(project.Path, 0,
            $"runtime.gpu.memory has no effect on {name}; those whose memory can be limited are {string.Join(", ", MemoryLimits.Select(limit => limit.Provider))}");
        return new ExecutionProvider(name, new Dictionary<string, string> { [option] = bytes.ToString(CultureInfo.InvariantCulture) });
    }

    /// <summary>What the pipeline does otherwise than the model's files say.</summary>
    /// <exception cref="ProjectException">The model is not as the project expects it.</exception>
    public static PipelineOverrides Overrides(ProjectFile project, ModelFiles files, InferenceSession session)
    {
        Check(project, "input", project.Inputs, session.Inputs);
        Check(project, "output", project.Outputs, session.Outputs);
        var labelled = project.Outputs.FirstOrDefault(output => output.Labels.Count > 0);
        if (labelled is not null && session.Outputs.First(output => output.Name == labelled.Name).Dimensions is [.., { Size: { } classes }]
            && classes != labelled.Labels.Count)
            throw new ProjectException(project.Path, 0, $"the output '{labelled.Name}' has {classes} classes, and {labelled.Labels.Count} labels");
        return new PipelineOverrides(labelled?.Labels, project.Preprocessing.MaxLength,
            project.Preprocessing.ChangesImages ? ProjectImages.Load(project, files) : null);
    }

    private static void Check(ProjectFile project, string kind, IReadOnlyList<ProjectTensor> expected, IReadOnlyList<ValueInfo> actual)
    {
        foreach (var tensor in expected)
        {
            var value = actual.FirstOrDefault(value => value.Name == tensor.Name) ?? throw new ProjectException(project.Path, 0,
                $"the model has no {kind} '{tensor.Name}'; the closest is '{ClosestName.To(tensor.Name, actual.Select(value => value.Name))}'");
            if (tensor.Type is { } type && !type.Equals(value.ElementType.ToString(), StringComparison.OrdinalIgnoreCase))
                throw new ProjectException(project.Path, 0, $"the {kind} '{tensor.Name}' is of type {value.ElementType.ToString().ToLowerInvariant()}, not {type}");
            if (tensor.Shape is { } shape && value.Dimensions is { } dimensions
                && (shape.Count != dimensions.Length || shape.Zip(dimensions).Any(pair => pair.Second.Size is { } size
                    && long.TryParse(pair.First, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && wanted != size)))
                throw new ProjectException(project.Path, 0, $"the {kind} '{tensor.Name}' has the shape [{string.Join(", ", dimensions)}], not [{string.Join(", ", shape)}]");
        }
    }
}
