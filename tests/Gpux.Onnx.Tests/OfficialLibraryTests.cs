using System.Diagnostics;
using Gpux.Onnx.Metadata;

namespace Gpux.Onnx.Tests;

/// <summary>ONNX's own library reads what we write, and we read what it writes. Needs eng/test-tools.sh.</summary>
[Trait("Category", "Slow")]
public sealed class OfficialLibraryTests : IDisposable
{
    // Debian's, where eng/test-tools.sh puts the library; not whatever Python comes first in the path.
    private const string Interpreter = "/usr/bin/python3";
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Library_reads_our_files_and_writes_the_same_bytes()
    {
        Write("everything", TestModels.Everything());
        foreach (var (model, i) in RecordedGraphs.Models.Select((model, i) => (model, i)))
            Write($"corpus{i}", OnnxReader.Read(RecordedGraphs.Read(model)));

        Python("""
            import glob, onnx, sys
            for path in glob.glob(sys.argv[1] + "/*.onnx"):
                data = open(path, "rb").read()
                model = onnx.load_model_from_string(data)
                assert model.graph.node, path
                # An older library puts the fields that it does not know at the end of each message: compare sizes too.
                again = model.SerializeToString(deterministic=True)
                assert len(again) == len(data), (path, len(again), len(data))
                if model.ir_version <= onnx.IR_VERSION:
                    assert again == data, path
            """);
    }

    [Fact]
    public void Library_finds_our_files_valid()
    {
        Write("linear", TestModels.Linear());
        foreach (var (path, i) in RecordedGraphs.Models.Select((path, i) => (path, i)))
        {
            var model = OnnxReader.Read(RecordedGraphs.Read(path));
            // Debian's library ends at operator set 17.
            if (model.IrVersion <= 8 && model.OperatorSets.TrueForAll(set => set is { Domain: "", Version: <= 17 }))
                Write($"corpus{i}", model);
        }
        Assert.InRange(Directory.GetFiles(_folder).Length, 7, 100);

        Python("""
            import glob, onnx, sys
            for path in glob.glob(sys.argv[1] + "/*.onnx"):
                onnx.checker.check_model(path, full_check=True)
            """);
    }

    [Fact]
    public void Library_finds_files_valid_whose_metadata_were_changed_in_place()
    {
        var path = Path.Join(_folder, "edited.onnx");
        OnnxWriter.Write(TestModels.Linear(), path);
        foreach (var (key, value) in ((string, string)[])[("a", "1"), ("b", "2"), ("a", "new"), ("long", new string('x', 9000)), ("b", "größer")])
            MetadataEditor.Edit(path, new MetadataEdit { Set = [new(key, value)], DocString = $"after {key}" });

        Python("""
            import onnx, sys
            path = sys.argv[1] + "/edited.onnx"
            onnx.checker.check_model(path, full_check=True)
            model = onnx.load(path)
            assert {p.key: p.value for p in model.metadata_props} == {"a": "new", "b": "größer", "long": "x" * 9000}
            assert model.doc_string == "after b"
            """);
    }

    [Fact]
    public void Typed_numbers_of_the_library_become_its_raw_bytes()
    {
        Python("""
            import numpy, onnx, sys
            from onnx import TensorProto, helper
            tensors = []
            for name, kind in TensorProto.DataType.items():
                if name in ("UNDEFINED", "STRING", "BFLOAT16"):
                    continue
                dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[kind]
                values = numpy.array([0, 1, 2, 100], dtype).reshape(2, 2)
                if dtype.kind in "ifc":
                    values[0, 0] = -7
                flat = values.flatten()
                if name == "FLOAT16":
                    flat = flat.view(numpy.uint16)
                tensors.append(helper.make_tensor(name, kind, values.shape, flat.tolist() if name != "FLOAT16" else values.flatten()))
                tensors.append(helper.make_tensor(name + ".raw", kind, values.shape, values.tobytes(), raw=True))
            graph = helper.make_graph([], "typed", [], [], tensors)
            onnx.save(helper.make_model(graph), sys.argv[1] + "/typed.onnx")
            """);

        using var file = OnnxReader.Open(Path.Join(_folder, "typed.onnx"));
        var tensors = file.Model.Graph.Initializers;
        Assert.Equal(28, tensors.Count);
        for (var i = 0; i < tensors.Count; i += 2)
        {
            Assert.Equal(tensors[i].Name + ".raw", tensors[i + 1].Name);
            Assert.Equal(tensors[i + 1].Data.ToArray(), tensors[i].Data.ToArray());
        }
    }

    private void Write(string name, OnnxModel model) => OnnxWriter.Write(model, Path.Join(_folder, name + ".onnx"));

    private void Python(string program)
    {
        using var process = Process.Start(new ProcessStartInfo(Interpreter, ["-c", program, _folder]) { RedirectStandardError = true })!; // not null: not a document
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"Is ONNX installed (eng/test-tools.sh)? {errors}");
    }
}
