using Gpux.Registries.Yaml;

namespace Gpux.Registries.Mlflow;

/// <summary>What an MLmodel file says of a model.</summary>
/// <remarks>Source: the files that MLflow 2.14 to 3.17 writes, <see href="https://mlflow.org/docs/latest/ml/model/"/>.</remarks>
/// <param name="Flavor">The flavor that suits native use best; null where it names none.</param>
/// <param name="Flavors">All that it names.</param>
/// <param name="ModelFile">The flavor's own file where it is one; null where it is a folder.</param>
/// <param name="RootFolders">Folders whose files belong at the model's root, the first with precedence.</param>
/// <param name="Sources">Repositories of the Hugging Face Hub that hold what was not stored, the model's own first.</param>
internal sealed record Mlmodel(
    string? Flavor, IReadOnlyList<string> Flavors, string? ModelFile, IReadOnlyList<string> RootFolders,
    IReadOnlyList<HubSource> Sources, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>At the root of a model that MLflow has logged.</summary>
    public const string FileName = "MLmodel";

    // What converts without Python comes first.
    private static readonly string[] Preference =
        ["onnx", "transformers", "sentence_transformers", "pytorch", "tensorflow", "keras", "sklearn", "xgboost", "lightgbm", "catboost"];

    private static readonly string[] Components = ["tokenizer", "feature_extractor", "image_processor", "processor"];

    /// <exception cref="InvalidMlmodelException">It is no MLmodel file.</exception>
    public static Mlmodel Read(ModelReference model, ReadOnlyMemory<byte> file)
    {
        try
        {
            if (YamlNode.Read(file) is not YamlMapping root)
                throw new FormatException("it is no mapping");
            return Read(root);
        }
        catch (FormatException exception)
        {
            throw new InvalidMlmodelException(model, exception.Message, exception);
        }
    }

    /// <summary>The files under the names that they have at the model's root; each keeps its own path as its id where that is
    /// another.</summary>
    public IReadOnlyList<ModelFile> Arrange(IReadOnlyList<ModelFile> files)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            if (Lifted(file.Path) is null)
                taken.Add(file.Path);
        }
        var arranged = new List<ModelFile>(files.Count);
        // By folder, so that the model's own files have their names before those of its components.
        foreach (var file in files.OrderBy(file => Lifted(file.Path)?.Rank ?? -1))
        {
            arranged.Add(Lifted(file.Path) is { } lifted && taken.Add(lifted.Name)
                ? file with { Path = lifted.Name, ObjectId = file.Path } : file);
        }
        arranged.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return arranged;
    }

    private (string Name, int Rank)? Lifted(string path)
    {
        for (var rank = 0; rank < RootFolders.Count; rank++)
        {
            var folder = RootFolders[rank];
            if (path.Length > folder.Length + 1 && path[folder.Length] == '/' && path.StartsWith(folder, StringComparison.Ordinal))
                return (path[(folder.Length + 1)..], rank);
        }
        return null;
    }

    private static Mlmodel Read(YamlMapping root)
    {
        if (root["flavors"] is not YamlMapping flavors)
            throw new FormatException("it names no flavors");
        var names = flavors.Keys.ToArray();
        var chosen = Array.Find(Preference, names.Contains)
            ?? Array.Find(names, name => name != "python_function") ?? (names.Length > 0 ? names[0] : null);
        var facts = chosen is null ? null : flavors[chosen] as YamlMapping;
        var properties = new Dictionary<string, string>();
        foreach (var (key, value) in ((string, string?)[])
        [
            ("mlflow_flavor", chosen), ("mlflow_flavors", string.Join(',', names)), ("library_name", chosen),
            ("pipeline_tag", chosen == "transformers" ? facts?.Text("task") : null),
            ("base_model", facts?.Text("source_model_name")),
            ("mlflow_run_id", root.Text("run_id")), ("mlflow_model_id", root.Text("model_id")),
            ("mlflow_created_by", root.Text("mlflow_version")), ("mlflow_created_at", root.Text("utc_time_created")),
            ("mlflow_signature_inputs", root["signature"]?.Text("inputs")), ("mlflow_signature_outputs", root["signature"]?.Text("outputs")),
        ])
        {
            if (value is not null)
                properties[key] = value;
        }
        var folders = new List<string>();
        string? modelFile = null;
        var sources = new List<HubSource>();
        if (chosen is not null && facts is not null)
            modelFile = Locate(chosen, facts, folders, sources);
        if (modelFile is not null && folders.Find(folder => modelFile.StartsWith(folder + "/", StringComparison.Ordinal)) is { } lifted)
            modelFile = modelFile[(lifted.Length + 1)..];
        if (modelFile is not null)
            properties["mlflow_model_file"] = modelFile;
        return new Mlmodel(chosen, names, modelFile, folders, sources, properties);
    }

    // Where each flavor keeps its model: reference documentation of mlflow.<flavor>.save_model.
    private static string? Locate(string flavor, YamlMapping facts, List<string> folders, List<HubSource> sources)
    {
        switch (flavor)
        {
            case "transformers" when facts.Text("model_binary") is { } binary:
                AddFolder(binary);
                foreach (var component in Components)
                    AddFolder($"components/{component}");
                return null;
            case "transformers":
                AddSource("source_model", source: null);
                foreach (var component in Components)
                    AddSource(component, component);
                foreach (var component in Components)
                    AddFolder($"components/{component}");
                if (sources.Count == 0 || sources[0].Component is not null)
                    throw new FormatException("the transformers flavor has neither model_binary nor source_model_name");
                return null;
            case "pytorch":
                AddFolder(facts.Text("model_data") ?? "data");
                return null;
            case "tensorflow" when facts.Text("saved_model_dir") is { } saved:
                AddFolder(saved);
                return null;
            case "tensorflow" or "keras":
                var data = facts.Text("data") ?? "data";
                AddFolder($"{data}/model");
                AddFolder(data);
                return null;
            case "sklearn":
                return AddFileFolder(facts.Text("pickled_model"));
            case "python_function":
                return AddFileFolder(facts.Text("python_model"));
            default:
                return AddFileFolder(facts.Text("data") ?? facts.Text("model_data"));
        }

        void AddFolder(string folder)
        {
            folder = folder.TrimEnd('/');
            if (RepositoryPath.Problem(folder) is { } rule)
                throw new FormatException($"it keeps the model in '{Printable.Text(folder)}', but {rule}");
            folders.Add(folder);
        }

        string? AddFileFolder(string? file)
        {
            if (file is null)
                return null;
            if (RepositoryPath.Problem(file.TrimEnd('/')) is { } rule)
                throw new FormatException($"it keeps the model in '{Printable.Text(file)}', but {rule}");
            // A name without an ending is a folder most often: both readings lead to the same names.
            if (file.LastIndexOf('/') is > 0 and var slash && file[^1] != '/')
                folders.Add(file[..slash]);
            else if (!file.Contains('.'))
                folders.Add(file.TrimEnd('/'));
            return file;
        }

        void AddSource(string key, string? source)
        {
            if (facts.Text($"{key}_name") is not { } name)
                return;
            if (facts.Text("has_local_base_model_path") == "true" || ModelReference.HubIdProblem(name) is not null)
                throw new FormatException($"its files were not stored: they are those of '{Printable.Text(name)}', which is no model on the Hugging Face Hub");
            if (!sources.Exists(known => known.Name == name))
                sources.Add(new HubSource(name, facts.Text($"{key}_revision"), source));
        }
    }
}

/// <summary>A repository of the Hugging Face Hub.</summary>
/// <param name="Revision">Null for its default.</param>
/// <param name="Component">Which component alone it is for; null for the model.</param>
internal sealed record HubSource(string Name, string? Revision, string? Component)
{
    /// <summary>Whether a file belongs to a tokenizer or a processor rather than to the model itself.</summary>
    public static bool IsOfComponents(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.StartsWith("tokenizer", StringComparison.Ordinal) || name.StartsWith("vocab", StringComparison.Ordinal)
            || name.StartsWith("chat_template", StringComparison.Ordinal) || name.EndsWith(".model", StringComparison.Ordinal)
            || name.EndsWith("processor_config.json", StringComparison.Ordinal)
            || name is "merges.txt" or "special_tokens_map.json" or "added_tokens.json";
    }
}
