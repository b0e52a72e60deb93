using Gpux.Conversion.Verification;
using Gpux.Onnx;
using Gpux.Registries.Store;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Verification;

/// <summary>How one output of one test data set came out.</summary>
/// <param name="Folder">The set, such as "mnist-12/test_data_set_0".</param>
/// <param name="Output">The output's name in the model.</param>
public sealed record TestDataResult(string Folder, string Output, TensorComparison Comparison);

/// <summary>How a model does on the test data that come with it.</summary>
/// <param name="ModelFile">The ONNX file that was run.</param>
public sealed record TestDataReport(string ModelFile, IReadOnlyList<TestDataResult> Results)
{
    public bool Passed => Results.All(result => result.Comparison.Within);

    /// <summary>Over all outputs; NaN if one is not finite where it should be.</summary>
    public double MaxAbs => Results.Max(result => result.Comparison.MaxAbs);

    /// <summary>Over all outputs.</summary>
    public double MaxRel => Results.Max(result => result.Comparison.MaxRel);
}

/// <summary>Runs ONNX models on the test data that their publishers ship with them.</summary>
public static class TestDataCheck
{
    /// <summary>What ONNX Runtime's own test runner allows for models: other machines add in another order.</summary>
    public static Tolerance Tolerance { get; } = new(1e-3, 1e-3);

    /// <summary>Checks a model of a registry by the test data that are in its archives.</summary>
    /// <param name="fetch">Whether to fetch the archives; if not, only what is here is run.</param>
    /// <returns>Null where there are no test data, or none here.</returns>
    /// <exception cref="InvalidTestDataException">The data are damaged, or do not fit the model.</exception>
    /// <exception cref="GpuxException">The model or its data cannot be fetched, or the model does not run.</exception>
    public static async Task<TestDataReport?> RunAsync(
        ModelStore store, ResolvedModel model, bool fetch, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var published = model.Manifest.Files.FirstOrDefault(file => !file.IsArchive && IsModel(file.Path));
        if (published is null || !model.Manifest.Files.Any(file => file.IsArchive))
            return null;
        var files = fetch ? await store.FetchAsync(model, [published, .. model.Manifest.Files.Where(file => file.IsArchive)], progress, cancellationToken)
            : store.FindFiles(model.Manifest);
        return files.Find(published.Path) is null || TestDataSet.Find(files) is not { Count: > 0 } ? null
            : Run(files, published.Path, cancellationToken);
    }

    /// <summary>Runs a model on every set of its test data.</summary>
    /// <param name="modelFile">The name of the ONNX file.</param>
    /// <returns>Null where there are no test data.</returns>
    /// <exception cref="InvalidTestDataException">The data are damaged, or do not fit the model.</exception>
    /// <exception cref="GpuxException">The model does not run.</exception>
    public static TestDataReport? Run(ModelFiles files, string modelFile, CancellationToken cancellationToken)
    {
        var sets = TestDataSet.Find(files);
        if (sets.Count == 0)
            return null;
        var path = files.Require(modelFile);
        // Refuses what is damaged by name, before ONNX Runtime sees it.
        OnnxReader.Open(path).Dispose();
        using var session = InferenceSession.Open(path, cancellationToken: cancellationToken);
        var results = new List<TestDataResult>();
        foreach (var set in sets)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var inputs = Named(files, set.Inputs, [.. session.Inputs.Select(input => input.Name)]);
            var outputs = Named(files, set.Outputs, [.. session.Outputs.Select(output => output.Name)]);
            using var computed = session.Run(inputs, cancellationToken: cancellationToken);
            foreach (var (name, recorded) in outputs)
            {
                results.Add(new TestDataResult(set.Folder, name, computed.TryGet(name, out var tensor)
                    ? TensorComparison.Compare(recorded, tensor, Tolerance)
                    : throw new InvalidTestDataException(set.Folder, $"it states a tensor for '{name}', which is a sequence or a map")));
            }
        }
        return new TestDataReport(modelFile, results);
    }

    // Files are numbered in the order of the model's inputs or outputs. Where the tensors have these names, names decide.
    private static Dictionary<string, Tensor> Named(ModelFiles files, IReadOnlyList<string> paths, IReadOnlyList<string> names)
    {
        if (paths.Count > names.Count)
            throw new InvalidTestDataException(paths[names.Count], $"the model has {names.Count} of its kind");
        var tensors = paths.Select(path => TestDataSet.Read(files, path)).ToList();
        var areNamed = tensors.All(tensor => names.Contains(tensor.Name)) && tensors.DistinctBy(tensor => tensor.Name).Count() == tensors.Count;
        var named = new Dictionary<string, Tensor>();
        for (var i = 0; i < tensors.Count; i++)
            named[areNamed ? tensors[i].Name : names[i]] = tensors[i].Tensor;
        return named;
    }

    private static bool IsModel(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
}
