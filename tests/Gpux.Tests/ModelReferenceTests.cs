namespace Gpux.Tests;

/// <summary>The cases of hub-ids.md 6, by number, and what follows from its rules.</summary>
[Collection(nameof(CurrentFolder))]
public sealed class ModelReferenceTests : IDisposable
{
    private const string Commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e";

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-reference-").FullName;
    private readonly string _before = Directory.GetCurrentDirectory();

    // The same references mean other things in a folder that holds such names.
    public ModelReferenceTests() => Directory.SetCurrentDirectory(_folder);

    public void Dispose()
    {
        Directory.SetCurrentDirectory(_before);
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<int, string, string, string?> HubCases => new()
    {
        { 1, "gpt2", "gpt2", null },
        { 2, "bert-base-uncased", "bert-base-uncased", null },
        { 3, "google/flan-t5-xl", "google/flan-t5-xl", null },
        { 4, "meta-llama/Llama-2-7b-hf@main", "meta-llama/Llama-2-7b-hf", "main" },
        { 5, "google/flan-t5-xl@v1.0", "google/flan-t5-xl", "v1.0" },
        { 6, "bert-base-uncased@refs/pr/1", "bert-base-uncased", "refs/pr/1" },
        { 7, "org/model@feature/new-head", "org/model", "feature/new-head" },
        { 8, $"org/model@{Commit}", "org/model", Commit },
        { 9, "timm/resnet50.a1_in1k", "timm/resnet50.a1_in1k", null },
        { 10, "_org/_repo", "_org/_repo", null },
        { 11, "foo-.bar", "foo-.bar", null },
        { 12, new string('x', 96), new string('x', 96), null },
        { 14, "org/" + new string('x', 96), "org/" + new string('x', 96), null },
    };

    [Theory]
    [MemberData(nameof(HubCases))]
    public void Hub_id_is_told_by_its_form(int number, string text, string id, string? revision)
    {
        Assert.True(number > 0);
        Assert.Equal(new ModelReference(ModelReference.HuggingFace, id, revision), ModelReference.Parse(text));
    }

    public static TheoryData<int, string, string> InvalidCases => new()
    {
        { 13, new string('x', 97), "96" },
        { 15, "datasets/foo/bar", "at most one '/'" },
        { 16, ".repo_id", "beginning and ending" },
        { 17, "repo_id.", "beginning and ending" },
        { 18, "org-/repo", "beginning and ending" },
        { 19, "foo--bar", "--" },
        { 20, "foo..bar", ".." },
        { 21, "org/foo.git", ".git" },
        { 22, "org/m\n", "line break" },
        { 23, "org/mödel", "letters" },
        { 24, "org model", "letters" },
        { 25, "org//m", "at most one '/'" },
        { 27, "org/model@", "empty" },
        { 28, "org/model@a..b", ".." },
        { 38, "hf://gpt2", "namespace/name" },
        { 39, "org/model:latest", "colon" },
        // Beyond the table.
        { 101, "", "empty" },
        { 102, "a\0b", "NUL" },
        { 103, " gpt2", "letters" },
        { 104, "gpt2 ", "letters" },
        { 105, "hf:", "name" },
        { 106, "hf:org/m@", "empty" },
        { 107, "org/m@-x", "begin" },
        { 108, "hf:org/m@x/", "end" },
        { 109, "org/m@x.lock", ".lock" },
        { 110, "org/m@x.lock/y", ".lock" },
        { 111, "org/m@a b", "blanks" },
        { 112, "org/m@a^b", "blanks" },
        { 113, "org/m@a@{b", "@{" },
        { 114, "org/m@a//b", "//" },
        { 115, "org/m@a/.b", "/." },
        { 116, "hf://datasets/org/x", "datasets" },
        { 117, "hf://spaces/org/x", "spaces" },
        { 118, "hf://kernels/org/x", "kernels" },
        { 119, "hf://org/m@v1/a//b", "empty or relative" },
        { 120, "hf://org/m/../x", "empty or relative" },
        { 121, "hf://org/m/a/", "empty or relative" },
        { 122, "https://huggingface.co/org", "link to a model" },
        { 123, "https://huggingface.co/org/m/discussions/1", "link to a model" },
        { 124, "https://huggingface.co/org/m/commit/abc", "link to a model" },
        { 125, "https://huggingface.co/datasets/org/m", "datasets" },
        { 126, "nosuch://org/m", "no registry" },
        { 127, "llama3.2:1b", "colon" },
        { 128, "samples:", "no model" },
        { 129, "hf://model/org/x", "models/" },
        { 130, "-repo", "beginning and ending" },
        { 131, "x/.y", "beginning and ending" },
    };

    [Theory]
    [MemberData(nameof(InvalidCases))]
    public void Illegal_name_says_which_rule_it_breaks(int number, string text, string rule)
    {
        Assert.True(number > 0);
        var exception = Assert.Throws<InvalidReferenceException>(() => ModelReference.Parse(text));
        Assert.Contains(rule, exception.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidReference, exception.Code);
    }

    [Theory]
    [InlineData(26, "org/")]
    [InlineData(29, "./gpt2")]
    [InlineData(31, @"C:\models\m")]
    [InlineData(32, "C:/models/m")]
    [InlineData(33, @"\\server\share\m")]
    [InlineData(34, @"org\model")]
    [InlineData(36, "models/resnet50.onnx")]
    [InlineData(201, "/no/such/folder")]
    [InlineData(202, "../gpux-nothing-here")]
    [InlineData(203, "~nobody/m")]
    [InlineData(204, "~/gpux-nothing-here")]
    [InlineData(205, "model.onnx")]
    [InlineData(206, "MODEL.SafeTensors")]
    [InlineData(207, "file:///no/such")]
    [InlineData(208, "local:nothing")]
    [InlineData(209, "a.tar.gz")]
    public void Path_that_is_not_there_is_missing_and_never_the_Hubs(int number, string text)
    {
        Assert.True(number > 0);
        Assert.Equal(ErrorCode.ModelNotFound, Assert.Throws<ModelNotFoundException>(() => ModelReference.Parse(text)).Code);
    }

    [Fact]
    public void File_extension_says_how_to_mean_the_Hub() =>
        Assert.Contains("hf:model.onnx", Assert.Throws<ModelNotFoundException>(() => ModelReference.Parse("model.onnx")).Remedy,
            StringComparison.Ordinal);

    [Fact] // 30
    public void Tilde_is_the_home_folder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var folder = Directory.CreateDirectory(Path.Combine(home, Path.GetFileName(_folder))).FullName;
        try
        {
            Assert.Equal(new ModelReference(ModelReference.Local, folder),
                ModelReference.Parse($"~/{Path.GetFileName(_folder)}"));
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact] // 35
    public void Existing_folder_wins_over_the_Hub()
    {
        Directory.CreateDirectory("org/model");
        Assert.Equal(new ModelReference(ModelReference.Local, "org/model"), ModelReference.Parse("org/model"));
        Assert.Equal(new ModelReference(ModelReference.HuggingFace, "org/model"), ModelReference.Parse("hf:org/model"));
        Assert.Equal(new ModelReference(ModelReference.HuggingFace, "org/model"), ModelReference.Parse("hf://org/model"));
    }

    [Fact]
    public void Broken_link_counts_as_missing()
    {
        File.CreateSymbolicLink("model", "nowhere");
        Assert.Equal(ModelReference.HuggingFace, ModelReference.Parse("model").Registry);
    }

    [Fact] // 40
    public void Snapshot_in_a_Hub_cache_is_local()
    {
        var snapshot = Directory.CreateDirectory(Path.Combine(_folder, "models--org--name", "snapshots", Commit)).FullName;
        Assert.Equal(new ModelReference(ModelReference.Local, snapshot), ModelReference.Parse(snapshot));
    }

    [Fact]
    public void Cache_folder_that_is_not_there_hints_at_the_id()
    {
        Assert.Contains("--", Assert.Throws<InvalidReferenceException>(() => ModelReference.Parse("models--org--name")).Message,
            StringComparison.Ordinal);
        Assert.Contains("org/name",
            Assert.Throws<ModelNotFoundException>(() => ModelReference.Parse("./models--org--name")).Remedy,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hf://org/model@refs/pr/3/onnx/model.onnx", "org/model", "refs/pr/3", "onnx/model.onnx")] // 37
    [InlineData("hf://org/model", "org/model", null, null)]
    [InlineData("hf://models/org/model", "org/model", null, null)]
    [InlineData("hf://org/model/config.json", "org/model", null, "config.json")]
    [InlineData("hf://org/model@v1/config.json", "org/model", "v1", "config.json")]
    [InlineData("hf://org/model@refs/convert/parquet/a/b", "org/model", "refs/convert/parquet", "a/b")]
    [InlineData("hf://org/model@feature%2Fx/a", "org/model", "feature/x", "a")]
    [InlineData("https://huggingface.co/org/model", "org/model", null, null)]
    [InlineData("https://hf.co/org/model/", "org/model", null, null)]
    [InlineData("hf.co/org/model", "org/model", null, null)]
    [InlineData("huggingface.co/org/model?x=1#y", "org/model", null, null)]
    [InlineData("https://huggingface.co/org/model/tree/v1", "org/model", "v1", null)]
    [InlineData("https://huggingface.co/org/model/blob/main/onnx/model.onnx", "org/model", "main", "onnx/model.onnx")]
    [InlineData("https://huggingface.co/org/model/resolve/refs%2Fpr%2F1/a%20b.txt?download=true", "org/model", "refs/pr/1",
        "a b.txt")]
    public void Addresses_of_the_Hub_name_models(string text, string id, string? revision, string? path) =>
        Assert.Equal(new ModelReference(ModelReference.HuggingFace, id, revision, path), ModelReference.Parse(text));

    [Theory]
    [InlineData("https://huggingface.co/org/model/blob/main/../../etc/passwd")]
    [InlineData("https://huggingface.co/org/model/blob/main/%2e%2e/x")]
    [InlineData("https://huggingface.co/org/model/resolve/main/a%2F..%2Fb")]
    public void Path_of_an_address_stays_inside_the_model(string text) =>
        Assert.Throws<InvalidReferenceException>(() => ModelReference.Parse(text));

    [Fact]
    public void Links_of_the_chosen_endpoint_are_the_Hubs() =>
        Assert.Equal(new ModelReference(ModelReference.HuggingFace, "org/model"),
            ModelReference.Parse("http://127.0.0.1:8080/org/model", endpoint: new Uri("http://127.0.0.1:8080")));

    [Fact]
    public void Other_registries_come_before_a_colon()
    {
        Assert.Equal(new ModelReference("mlflow", "iris", "champion"), ModelReference.Parse("mlflow:iris@champion", new Forms()));
        Assert.Equal(new ModelReference("mlflow", "/iris"), ModelReference.Parse("models:/iris", new Forms()));
        Assert.Equal(new ModelReference("web", "models.example"), ModelReference.Parse("https://models.example/a.onnx", new Forms()));
        Assert.Throws<InvalidReferenceException>(() => ModelReference.Parse("unknown://a", new Forms()));
        Assert.Equal(new ModelReference(ModelReference.Samples, "digits"), ModelReference.Parse("samples:digits"));
        Assert.Equal(new ModelReference(ModelReference.Samples, "digits"), ModelReference.Parse("samples/digits"));
    }

    [Theory]
    [InlineData("org/model@v1")]
    [InlineData("hf://org/model@refs/pr/3/onnx/model.onnx")]
    [InlineData("hf://org/model/onnx/model.onnx")]
    [InlineData("hf://org/model@feature%2Fx/a")]
    [InlineData("gpt2")]
    [InlineData("samples:digits@0123456789012345678901234567890123456789")]
    public void Printed_form_is_read_back(string text)
    {
        var reference = ModelReference.Parse(text);
        Assert.Equal(reference, ModelReference.Parse(reference.ToString()));
    }

    [Theory]
    [InlineData(Commit, true)]
    [InlineData("607A30D783DFA663CAF39E06633721C8D4CFCD7E", true)]
    [InlineData("607a30d", false)]
    [InlineData("main", false)]
    [InlineData(null, false)]
    public void Only_a_full_commit_is_pinned(string? revision, bool pinned) =>
        Assert.Equal(pinned, new ModelReference(ModelReference.HuggingFace, "org/m", revision).IsPinned);

    [Fact]
    public void Legal_ids_are_those_of_the_reference_pattern()
    {
        // All strings of up to 4 characters over one of each kind, against the rules said in other words.
        const string Kinds = "a0_-./";
        for (var length = 1; length <= 4; length++)
        {
            for (var code = 0; code < Math.Pow(Kinds.Length, length); code++)
            {
                var id = new string(Enumerable.Range(0, length).Select(i =>
                    Kinds[code / (int)Math.Pow(Kinds.Length, i) % Kinds.Length]).ToArray());
                var parts = id.Split('/');
                var legal = parts.Length <= 2
                    && parts.All(part => part.Length > 0 && part[0] is 'a' or '0' or '_' && part[^1] is 'a' or '0' or '_')
                    && !id.Contains("--", StringComparison.Ordinal) && !id.Contains("..", StringComparison.Ordinal);
                Assert.True(legal == (ModelReference.HubIdProblem(id) is null), id);
            }
        }
    }

    private sealed class Forms : IReferenceForms
    {
        public ModelReference? ReadScheme(string scheme, string rest) =>
            scheme is "mlflow" or "models" ? ModelReference.ReadPlain("mlflow", rest) : null;

        public ModelReference? ReadAddress(Uri address) => new("web", address.Host);
    }
}

/// <summary>Tests that change the process's current folder run alone.</summary>
[CollectionDefinition(nameof(CurrentFolder), DisableParallelization = true)]
public sealed class CurrentFolder;
