using System.Globalization;
using Gpux.Models.Yaml;
using Gpux.Registries.Yaml;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Projects;

/// <summary>An input or output of the graph, as a project expects it.</summary>
/// <param name="Type">Such as "int64"; null for any.</param>
/// <param name="Shape">A number, or a name where the size may be any; null for any shape.</param>
/// <param name="Labels">Names of the classes in the order of their ids, instead of those of the configuration; empty for these.</param>
public sealed record ProjectTensor(string Name, string? Type, IReadOnlyList<string>? Shape, IReadOnlyList<string> Labels);

/// <param name="MemoryBytes">The most that the execution provider may allocate; null for no limit.</param>
/// <param name="Backend">An execution provider; null for the CPU.</param>
/// <param name="BatchSize">How many inputs are answered at once.</param>
/// <param name="Timeout">How long an answer may take; null for any time.</param>
public sealed record ProjectRuntime(long? MemoryBytes, string? Backend, int BatchSize, TimeSpan? Timeout);

/// <summary>How the model is to be offered over the network.</summary>
/// <param name="MaxConcurrency">The most requests that are answered at once; the others wait.</param>
/// <param name="ApiKeys">Whether requests need a key; null for the server's own rule.</param>
public sealed record ProjectServing(string Host, int Port, int MaxConcurrency, bool? ApiKeys);

/// <summary>What of the model's own preprocessing is done otherwise; null where it is not.</summary>
/// <param name="Size">Of an image, in pixels: a square, or its shorter side where the model goes by that.</param>
/// <param name="MaxLength">The most tokens of a text.</param>
/// <param name="Truncation">Whether a longer text is cut; false refuses it.</param>
public sealed record ProjectPreprocessing(
    int? Size, int? CropSize, IReadOnlyList<double>? Mean, IReadOnlyList<double>? Std, double? RescaleFactor, int? MaxLength, bool? Truncation)
{
    public bool ChangesImages => Size is not null || CropSize is not null || Mean is not null || Std is not null || RescaleFactor is not null;
}

/// <summary>gpux.yml: a model and how to run it. The format is described in docs/formats/gpux-yml.md.</summary>
/// <param name="Path">Of the file.</param>
/// <param name="Model">What to run; the folder itself where the file names no other.</param>
public sealed record ProjectFile(
    string Path, string? Name, string? Version, string? Source, ModelReference Model, WeightsChoice? Weights, string? Task,
    IReadOnlyList<ProjectTensor> Inputs, IReadOnlyList<ProjectTensor> Outputs,
    ProjectRuntime Runtime, ProjectServing Serving, ProjectPreprocessing Preprocessing)
{
    public const string FileName = "gpux.yml";
    public const string DefaultHost = "127.0.0.1";
    public const int DefaultPort = 8080;
    public const int DefaultConcurrency = 4;
    private static readonly YamlRules Rules = new(SizeLimitBytes: 4 << 20, ValueLimit: 1_000_000, IsOneTree: true);

    /// <summary>The project in a folder that a user named; null where there is none.</summary>
    /// <param name="parse">Reads a reference to a model.</param>
    /// <exception cref="ProjectException">Its file is damaged, or has a field that does not exist.</exception>
    public static ProjectFile? Find(ModelReference model, Func<string, ModelReference> parse)
    {
        var path = model.Registry == ModelReference.Local ? System.IO.Path.Combine(model.Name, FileName) : "";
        return path.Length > 0 && File.Exists(path) ? Read(path, parse) : null;
    }

    /// <param name="parse">Reads a reference to a model.</param>
    /// <exception cref="ProjectException">It is damaged, or has a field that does not exist.</exception>
    public static ProjectFile Read(string path, Func<string, ModelReference> parse)
    {
        Exception Refuse(int line, string problem) => new ProjectException(path, line, problem);
        var root = YamlReader.Read(path, Rules, Refuse);
        root.RequireKnown("name", "version", "source", "model", "task", "inputs", "outputs", "runtime", "serving", "preprocessing");
        var model = root.Map("model");
        model?.RequireKnown("id", "registry", "revision", "format", "file");
        var task = root.Text("task");
        if (task is not null && !PipelineCatalog.Has(task))
            throw root.Unfit(root.Find("task")!, "task", $"one of {string.Join(", ", PipelineCatalog.Tasks)}"); // it has just been read
        var outputs = root.Maps("outputs").Select(output => ReadTensor(output, withLabels: true)).ToArray();
        if (outputs.Count(output => output.Labels.Count > 0) > 1)
            throw root.Refuse("only one of the outputs can have labels");
        return new ProjectFile(path, root.Text("name"), root.Text("version"), root.Text("source"),
            ReadModel(path, model, root.Text("source"), parse), ReadWeights(model), task,
            [.. root.Maps("inputs").Select(input => ReadTensor(input, withLabels: false))], outputs,
            ReadRuntime(root.Map("runtime")), ReadServing(root.Map("serving")), ReadPreprocessing(root.Map("preprocessing")));
    }

    /// <summary>What answers and errors call the model: the project's name and version; null if it has no name.</summary>
    public string? Title => Name is null ? null : Version is null ? Name : $"{Name} {Version}";

    // An id in a registry; else the source, if that is one; else the folder of the file.
    private static ModelReference ReadModel(string path, YamlReader? model, string? source, Func<string, ModelReference> parse)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!; // a file of a folder
        var (id, registry, revision) = (model?.Text("id"), model?.Text("registry"), model?.Text("revision"));
        if (id is null && (registry ?? revision) is not null)
            throw model!.Refuse("model.id is missing"); // it has one of the two
        if (registry == ModelReference.Local)
            return new ModelReference(ModelReference.Local, System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, id!))); // as above
        if (id is null && source is null)
            return new ModelReference(ModelReference.Local, folder);
        try
        {
            var named = parse(id is null ? source! : registry is null ? id : $"{registry}:{id}"); // one of the two
            return revision is null ? named : named with { Revision = revision };
        }
        catch (GpuxException exception) when (exception is InvalidReferenceException or ModelNotFoundException)
        {
            throw new ProjectException(path, model?.Line ?? 1, exception.Message.TrimEnd('.'));
        }
    }

    private static WeightsChoice? ReadWeights(YamlReader? model)
    {
        var (format, file) = (model?.Text("format"), model?.Text("file"));
        if (format is not null && !WeightsChoice.Formats.Contains(format))
            throw model!.Unfit(model.Find("format")!, "format", $"one of {string.Join(", ", WeightsChoice.Formats)}"); // it has been read
        if (format is not null && file is not null && WeightsChoice.FormatOf(file) != format)
            throw model!.Unfit(model.Find("file")!, "file", $"a file of the format {format}"); // likewise
        return format is null && file is null ? null : new WeightsChoice(format, file);
    }

    private static ProjectTensor ReadTensor(YamlReader tensor, bool withLabels)
    {
        tensor.RequireKnown(withLabels ? ["name", "type", "shape", "labels"] : ["name", "type", "shape"]);
        return new ProjectTensor(tensor.RequireText("name"), tensor.Text("type"),
            tensor.Find("shape") is null ? null : tensor.Texts("shape"), withLabels ? tensor.Texts("labels") : []);
    }

    private static ProjectRuntime ReadRuntime(YamlReader? runtime)
    {
        runtime?.RequireKnown("gpu", "batch_size", "timeout");
        var gpu = runtime?.Map("gpu");
        gpu?.RequireKnown("memory", "backend");
        var (memory, backend) = (gpu?.Text("memory") is { } text ? ReadBytes(gpu, text) : (long?)null, gpu?.Text("backend"));
        if (memory is not null && backend is null)
            throw gpu!.Refuse("runtime.gpu.memory limits a backend, and there is no runtime.gpu.backend"); // it has memory
        return new ProjectRuntime(memory, backend, (int)(runtime?.Integer("batch_size", 1, 4096) ?? 1),
            runtime?.Text("timeout") is { } timeout ? ReadTime(runtime, timeout) : null);
    }

    private static ProjectServing ReadServing(YamlReader? serving)
    {
        serving?.RequireKnown("host", "port", "max_concurrency", "api_keys");
        var host = serving?.Text("host") ?? DefaultHost;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            throw serving!.Unfit(serving.Find("host")!, "host", "a host's name or address"); // the default is one
        return new ProjectServing(host, (int)(serving?.Integer("port", 1, 65535) ?? DefaultPort),
            (int)(serving?.Integer("max_concurrency", 1, 4096) ?? DefaultConcurrency), serving?.Flag("api_keys"));
    }

    private static ProjectPreprocessing ReadPreprocessing(YamlReader? preprocessing)
    {
        preprocessing?.RequireKnown("size", "crop_size", "mean", "std", "rescale_factor", "max_length", "truncation");
        int? Integer(string name, long most) => (int?)preprocessing?.Integer(name, 1, most);
        IReadOnlyList<double>? Numbers(string name) => preprocessing?.Find(name) is null ? null
            : [.. preprocessing.Texts(name).Select(text => ReadNumber(preprocessing, name, text))];
        return new ProjectPreprocessing(Integer("size", 16384), Integer("crop_size", 16384), Numbers("mean"), Numbers("std"),
            preprocessing?.Text("rescale_factor") is { } factor ? ReadNumber(preprocessing, "rescale_factor", factor) : null,
            Integer("max_length", int.MaxValue), preprocessing?.Flag("truncation"));
    }

    private static double ReadNumber(YamlReader of, string name, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
            : throw of.Unfit(of.Find(name)!, name, "numbers"); // its text has been read

    private static long ReadBytes(YamlReader gpu, string text)
    {
        (string Unit, long Bytes)[] units = [("GiB", 1L << 30), ("MiB", 1L << 20), ("GB", 1_000_000_000), ("MB", 1_000_000), ("", 1)];
        var (unit, bytes) = Array.Find(units, unit => text.EndsWith(unit.Unit, StringComparison.OrdinalIgnoreCase));
        return double.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * bytes is >= 1 and < 1L << 50 and var total ? (long)total
            : throw gpu.Unfit(gpu.Find("memory")!, "memory", "an amount such as 4GB, 512MiB or a number of bytes"); // its text has been read
    }

    private static TimeSpan ReadTime(YamlReader runtime, string text)
    {
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("min", 60), ("s", 1), ("", 1)];
        var (unit, seconds) = Array.Find(units, unit => text.EndsWith(unit.Unit, StringComparison.Ordinal));
        return double.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * seconds is > 0 and <= 86_400 and var total ? TimeSpan.FromSeconds(total)
            : throw runtime.Unfit(runtime.Find("timeout")!, "timeout", "a time up to a day, such as 30s, 500ms or 2min"); // its text has been read
    }
}

/// <summary>A gpux.yml that cannot be used as it is.</summary>
public sealed class ProjectException(string path, int line, string problem) : GpuxException(ErrorCode.ProjectInvalid,
    $"{path}{(line > 0 ? $", line {line}" : "")}: {problem}.", "Correct the file. Its fields are described in docs/formats/gpux-yml.md, and in gpux-yml.schema.json for editors.");
