using System.Text;
using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Models.Projects;
using Gpux.Registries.Yaml;

namespace Gpux.Models.Tests.Projects;

public sealed class ProjectFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-project-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_field_of_the_document_is_read()
    {
        var document = File.ReadAllText(Path.Combine(Corpus.Repository, "docs", "formats", "gpux-yml.md"));
        var project = Read(document.Split("```yaml\n")[1].Split("```")[0]);
        Assert.Equal("sentiment 1.0.0", project.Title);
        Assert.Equal("hf:org/sentiment@5c38ec7c405ec4b44b94cc5a9bb96e735b38267a", project.Model.ToString());
        Assert.Equal(new WeightsChoice("safetensors", "model.safetensors"), project.Weights);
        Assert.Equal("text-classification", project.Task);
        Assert.Equal(["batch", "sequence"], Assert.Single(project.Inputs).Shape!); // the document gives one
        Assert.Equal(["bad", "good"], Assert.Single(project.Outputs).Labels);
        Assert.Equal(new ProjectRuntime(4_000_000_000, "cuda", 8, TimeSpan.FromSeconds(30)), project.Runtime);
        Assert.Equal(new ProjectServing("127.0.0.1", 8080, 4, true), project.Serving);
        Assert.Equal(new ProjectPreprocessing(null, null, null, null, null, 256, true), project.Preprocessing);
    }

    [Fact]
    public void An_empty_file_means_the_folder_and_the_defaults()
    {
        var project = Read("name: x\n");
        Assert.Equal(new ModelReference(ModelReference.Local, _folder), project.Model);
        Assert.Equal(new ProjectRuntime(null, null, 1, null), project.Runtime);
    }

    [Fact]
    public void The_source_is_the_model_where_no_id_is_given() =>
        Assert.Equal("hf:org/m@v1", Read("source: https://huggingface.co/org/m/tree/v1\n").Model.ToString());

    [Fact]
    public void A_local_id_is_relative_to_the_file() =>
        Assert.Equal(Path.Combine(_folder, "weights"), Read("model: {id: weights, registry: local}\n").Model.Name);

    [Theory]
    [InlineData("naem: x", "'naem'; the closest is 'name'")]
    [InlineData("model: {id: a/b, revison: x}", "'model.revison'; the closest is 'revision'")]
    [InlineData("runtime: {batch_size: 0}", "a whole number from 1 to 4096")]
    [InlineData("runtime: {batch_size: two}", "a whole number from 1 to 4096")]
    [InlineData("runtime: {timeout: soon}", "a time")]
    [InlineData("runtime: {timeout: 0s}", "a time")]
    [InlineData("runtime: {gpu: {memory: 4GB}}", "there is no runtime.gpu.backend")]
    [InlineData("runtime: {gpu: {memory: lots, backend: cuda}}", "an amount")]
    [InlineData("serving: {port: 70000}", "from 1 to 65535")]
    [InlineData("serving: {host: \"a b\"}", "a host's name")]
    [InlineData("task: poetry", "one of")]
    [InlineData("model: {id: \"a/b/c/d\"}", "names no model")]
    [InlineData("model: {registry: hf}", "model.id is missing")]
    [InlineData("model: {id: a/b, format: floppy}", "one of safetensors")]
    [InlineData("model: {id: a/b, format: onnx, file: model.safetensors}", "a file of the format onnx")]
    [InlineData("outputs: [{name: a, labels: [x]}, {name: b, labels: [y]}]", "only one of the outputs")]
    [InlineData("preprocessing: {mean: [x]}", "numbers")]
    [InlineData("preprocessing: {truncation: maybe}", "true or false")]
    [InlineData("inputs: 3", "a list")]
    [InlineData("[1]", "no list of fields")]
    public void What_does_not_fit_is_refused_with_file_and_line(string text, string expected)
    {
        var refused = Assert.Throws<ProjectException>(() => Read(text));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{Path.Combine(_folder, "gpux.yml")}, line 1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4GB", 4_000_000_000)]
    [InlineData("1.5 GiB", 1_610_612_736)]
    [InlineData("512MiB", 536_870_912)]
    [InlineData("1000", 1000)]
    public void Memory_has_units(string text, long bytes) =>
        Assert.Equal(bytes, Read($"runtime: {{gpu: {{backend: cuda, memory: {text}}}}}").Runtime.MemoryBytes);

    [Fact]
    public void The_generated_file_and_the_documents_fit_the_schema()
    {
        var folder = Corpus.PathOf("pipelines", "text-classification-bert", "repo");
        var files = ModelFiles.InFolder(folder);
        var manifest = new ModelManifest(new ModelReference(ModelReference.HuggingFace, "org/m"), new string('a', 40), [], Source: "https://huggingface.co/org/m");
        var generated = ProjectWriter.Write(manifest, files, Converter.Plan(files, new ConversionOptions(Onnx.Building.GraphTarget.Cpu, null)));
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Corpus.Repository, "docs", "formats", "gpux-yml.schema.json")))!.AsObject(); // no null
        Assert.Empty(Misfits(schema, schema, Tree(generated), "gpux.yml"));
        Assert.Equal("org/m", Read(generated).Model.Name);
        Assert.Equal(["bad", "good"], Read(generated).Outputs[0].Labels.Order(StringComparer.Ordinal).Take(2));
        var document = File.ReadAllText(Path.Combine(Corpus.Repository, "docs", "formats", "gpux-yml.md")).Split("```yaml\n")[1].Split("```")[0];
        Assert.Empty(Misfits(schema, schema, Tree(document), "gpux.yml"));
        Assert.NotEmpty(Misfits(schema, schema, Tree("runtime: {batchsize: 1}"), "gpux.yml"));
    }

    [Fact]
    public void Copies_of_the_weights_that_were_not_chosen_are_left_out()
    {
        ModelFile[] files = [.. new[] { "config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx", "model-00001-of-00002.safetensors", "model.safetensors.index.json" }
            .Select(path => new ModelFile(path, 1, null))];
        Assert.Equal(["config.json", "pytorch_model.bin"], new WeightsChoice("pytorch", null).Of(files).Select(file => file.Path));
        Assert.Equal(["config.json", "model.safetensors"], new WeightsChoice(null, "model.safetensors").Of(files).Select(file => file.Path));
        Assert.Equal(["config.json", "model-00001-of-00002.safetensors", "model.safetensors.index.json"],
            new WeightsChoice(null, "model.safetensors.index.json").Of(files).Select(file => file.Path));
        Assert.Null(new WeightsChoice("safetensors", "model.safetensors").Key(files[..2]));
        Assert.NotNull(new WeightsChoice("safetensors", "model.safetensors").Key(files));
    }

    private ProjectFile Read(string text)
    {
        var path = Path.Combine(_folder, "gpux.yml");
        File.WriteAllText(path, text);
        return ProjectFile.Read(path, reference => ModelReference.Parse(reference));
    }

    private static JsonNode? Tree(string text) => Json(YamlNode.Read(Encoding.UTF8.GetBytes(text), new YamlRules(IsOneTree: true)));

    private static JsonNode? Json(YamlNode? value) => value switch
    {
        YamlMapping map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Json(entry.Value.Value)))),
        YamlSequence list => new JsonArray([.. list.Items.Select(Json)]),
        null or YamlScalar { Value: null } => null,
        YamlScalar { IsPlain: true, Written: "true" or "false" } text => JsonValue.Create(text.Written == "true"),
        YamlScalar { IsPlain: true } text when long.TryParse(text.Written, out var number) => JsonValue.Create(number),
        YamlScalar { IsPlain: true } text when double.TryParse(text.Written, out var number) => JsonValue.Create(number),
        YamlScalar text => JsonValue.Create(text.Written),
        _ => throw new ArgumentException("another kind of value", nameof(value)),
    };

    // As much of JSON Schema as the file uses.
    private static IEnumerable<string> Misfits(JsonObject root, JsonObject schema, JsonNode? value, string where)
    {
        if ((string?)schema["$ref"] is { } reference)
            schema = root["$defs"]![reference.Split('/')[^1]]!.AsObject(); // the schema is whole
        if (schema["enum"] is JsonArray allowed && !allowed.Any(each => JsonNode.DeepEquals(each, value)))
            yield return $"{where} is none of {allowed.ToJsonString()}";
        var types = schema["type"] is JsonArray several ? [.. several.Select(each => (string?)each)] : schema["type"] is { } one ? new[] { (string?)one } : [];
        var type = value switch
        {
            JsonObject => "object",
            JsonArray => "array",
            JsonValue number when number.TryGetValue<long>(out _) => "integer",
            JsonValue number when number.TryGetValue<double>(out _) => "number",
            JsonValue flag when flag.TryGetValue<bool>(out _) => "boolean",
            _ => "string",
        };
        if (types.Length > 0 && !types.Contains(type) && !(type == "integer" && types.Contains("number")))
            yield return $"{where} is of the type {type}";
        if (value is JsonObject map)
        {
            foreach (var (name, member) in map)
            {
                if (schema["properties"]?[name] is not JsonObject known)
                    yield return $"{where}.{name} is unknown";
                else
                    foreach (var misfit in Misfits(root, known, member, $"{where}.{name}"))
                        yield return misfit;
            }
        }
        if (value is JsonArray list && schema["items"] is JsonObject items)
            foreach (var misfit in list.SelectMany(item => Misfits(root, items, item, where)))
                yield return misfit;
    }
}
