using static Gpux.Onnx.Tests.TestModels;

namespace Gpux.Onnx.Tests;

public sealed class OnnxCheckerTests
{
    public static TheoryData<string> Models => RecordedGraphs.Theory;

    [Theory]
    [MemberData(nameof(Models))]
    public void Exported_model_is_valid(string path) =>
        Assert.Empty(OnnxChecker.Check(OnnxReader.Read(RecordedGraphs.Read(path)), Path.GetDirectoryName(RecordedGraphs.PathOf(path))));

    [Fact]
    public void Model_of_the_tests_is_valid() => Assert.Empty(OnnxChecker.Check(Linear()));

    [Fact]
    public void All_problems_are_listed_and_thrown_together()
    {
        var model = Linear();
        model.Graph.Nodes[0].Inputs[0] = "nothing";
        model.Graph.Nodes[1].OpType = "Ad";

        var e = Assert.Throws<OnnxCheckException>(() => OnnxChecker.ThrowIfInvalid(model, name: "bert.onnx"));

        Assert.Equal(
        [
            new("graph 'linear', node 'matmul' (MatMul)", "input 'nothing' is made by nothing"),
            new("graph 'linear', node 'add' (Ad)", "operator Ad is not in operator set 'ai.onnx' version 17; the closest is Add"),
        ], e.Problems);
        Assert.StartsWith("bert.onnx is not valid ONNX: graph 'linear', node 'matmul' (MatMul): input 'nothing' is made by nothing (and 1 more).", e.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.OnnxCheck, e.Code);
    }

    [Theory]
    // Names and order.
    [InlineData("model: it states no IR version", "none")]
    [InlineData("model: it imports no operator set", "no operator sets")]
    [InlineData("graph 'linear': input 'x' is listed twice", "input twice")]
    [InlineData("graph 'linear': input 1 has no name", "input without a name")]
    [InlineData("graph 'linear': input 0 'x' has no type", "input without a type")]
    [InlineData("graph 'linear': output 0 'y' has no type", "output without an element type")]
    [InlineData("graph 'linear': output 'z' is made by nothing in it", "output of nothing")]
    [InlineData("graph '': it has no name", "graph without a name")]
    [InlineData("graph 'linear': initializer 'w' is listed twice", "initializer twice")]
    [InlineData("graph 'linear': an initializer has no name", "initializer without a name")]
    [InlineData("graph 'linear': initializer 'b' is no input, which needs IR version 4 and the model states 3", "initializers of IR 3")]
    [InlineData("graph 'linear', node 'matmul' (MatMul): input 'product' is made by node 'matmul' (MatMul), which is no earlier one: nodes stand in the order of their use", "node of itself")]
    [InlineData("graph 'linear', node 'add' (Add): input 'product' is made by node 'matmul' (MatMul), which is no earlier one: nodes stand in the order of their use", "order")]
    [InlineData("graph 'linear', node 'add' (Add): output 'product' exists already: a value is made once", "output twice")]
    [InlineData("graph 'linear', node 'add' (Add): output 'w' exists already: a value is made once", "output of an initializer's name")]
    [InlineData("model: it has the metadata key 'k' twice", "metadata twice")]
    // Operators.
    [InlineData("graph 'linear', node 1 (): it names no operator", "no operator")]
    [InlineData("graph 'linear', node 'add' (Add): it has neither inputs nor outputs", "node of nothing")]
    [InlineData("graph 'linear', node 'add' (Add): its operator set 'com.microsoft' is not imported", "domain not imported")]
    [InlineData("model: operator set 'ai.onnx' is imported twice", "import twice")]
    [InlineData("model: operator set 'x' is imported in version 0", "import of version 0")]
    [InlineData("graph 'linear', node 'add' (Gelu): operator Gelu is not in operator set 'ai.onnx' version 17: it came with version 20", "newer operator")]
    [InlineData("graph 'linear', node 'add' (LayerNormalisation): operator LayerNormalisation is not in operator set 'ai.onnx' version 17; the closest is LayerNormalization", "misspelt operator")]
    [InlineData("graph 'linear', node 'add' (Scatter): operator Scatter is withdrawn in version 17 of its operator set", "withdrawn operator")]
    [InlineData("graph 'linear', node 'add' (Add): it has 1 inputs where Add has 2", "too few inputs")]
    [InlineData("graph 'linear', node 'add' (Clip): it has 4 inputs where Clip has 1 to 3", "too many inputs")]
    [InlineData("graph 'linear', node 'add' (Add): it has 2 outputs where Add has 1", "too many outputs")]
    [InlineData("graph 'linear', node 'add' (Concat): it has 0 inputs where Concat has at least 1", "no repeated input")]
    [InlineData("graph 'linear', node 'add' (Add): input 1 is required and left out", "required input left out")]
    [InlineData("graph 'linear', node 'add' (GroupQueryAttention): input 5 is required and left out", "required input after optional ones")]
    // Attributes.
    [InlineData("graph 'linear', node 'add' (Concat): attribute 'axis' is missing", "required attribute")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 'axis' is of kind Float, not Int", "attribute of another kind")]
    [InlineData("graph 'linear', node 'add' (Softmax): operator Softmax has no attribute 'axes' in version 17 of its operator set", "unknown attribute")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 'axis' is given twice", "attribute twice")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 0 has no name", "attribute without a name")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 'axis' states no kind", "attribute without a kind")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 'axis' is of kind Int and holds a value of kind Float", "attribute with two values")]
    [InlineData("graph 'linear', node 'add' (ConstantOfShape): attribute 'value' has no value", "attribute without a value")]
    [InlineData("graph 'linear', node 'add' (Softmax): attribute 'axis' refers to an attribute of a function, and is in none", "reference outside of functions")]
    // Tensors.
    [InlineData("graph 'linear', initializer 'w': it has no element type", "tensor without a type")]
    [InlineData("graph 'linear', initializer 'w': ONNX has no element type Float6E2M3", "type that ONNX lacks")]
    [InlineData("graph 'linear', initializer 'w': it has 47 bytes where type and shape need 48", "short tensor")]
    [InlineData("graph 'linear', initializer 'w': its extents are negative or too large", "huge tensor")]
    [InlineData("graph 'linear', initializer 'w': it has 1 strings where its shape needs 12", "strings")]
    [InlineData("graph 'linear', node 'add' (ConstantOfShape), attribute 'value': it has 3 bytes where type and shape need 4", "short constant")]
    [InlineData("graph 'linear', initializer 'w': no location is stated", "no location")]
    [InlineData("graph 'linear', initializer 'w': its location '../w' leads out of the model's folder", "location outside")]
    [InlineData("graph 'linear', initializer 'w': it states 40 bytes in 'w' where type and shape need 48", "external length")]
    [InlineData("graph 'linear', initializer 'w': its offset 9223372036854775807 is impossible", "external offset")]
    [InlineData("graph 'linear', initializer 'w': strings cannot lie in another file", "external strings")]
    [InlineData("graph 'linear', initializer 'w': its elements lie both in the model and in another file", "external and not")]
    [InlineData("graph 'linear', initializer 's': its indices are not an Int64 for each value, or a row of them", "sparse indices")]
    // IR versions.
    [InlineData("graph 'linear', initializer 'w': elements of type Int4 need IR version 10, and the model states 8", "int4")]
    [InlineData("graph 'linear': elements of type Float8E5M2 need IR version 9, and the model states 8", "float8 input")]
    [InlineData("graph 'linear', initializer 's': sparse tensors need IR version 6, and the model states 4", "sparse of IR 4")]
    [InlineData("graph 'linear': quantization annotations need IR version 5, and the model states 4", "annotations of IR 4")]
    [InlineData("model: functions need IR version 8, and the model states 7", "functions of IR 7")]
    [InlineData("graph 'linear': optional types need IR version 8, and the model states 7", "optional of IR 7")]
    // Functions and inner graphs.
    [InlineData("function 'test.Twice': another function has the same domain, name and overload", "function twice")]
    [InlineData("function 'test.Twice': it calls itself, perhaps through other functions", "function that calls itself")]
    [InlineData("function 'test.Twice': output 'y' is made by nothing", "function output of nothing")]
    [InlineData("function 'test.Twice': input 'x' is listed twice", "function input twice")]
    [InlineData("function 'test.Twice': attribute 'a' is listed twice", "function attribute twice")]
    [InlineData("function 'test.Twice', node 'identity' (Identity): input 'w' is made by nothing", "function that uses the graph")]
    [InlineData("function 'test.Twice', node 'identity' (Identity): its operator set 'ai.onnx' is not imported", "function without imports")]
    [InlineData("function 'test.Twice', node 'softmax' (Softmax): attribute 'axis' refers to 'b', which the function lacks", "reference to nothing")]
    [InlineData("function 'test.Twice', node 'softmax' (Softmax): attribute 'axis' both refers to another and has a value", "reference and value")]
    [InlineData("graph 'linear', node 'call' (Twice): it has more inputs or outputs than the function, which has 1 and 1", "call with too much")]
    [InlineData("graph 'linear', node 'if' (If), attribute 'then_branch', node 'identity' (Identity): input 'later' is made by nothing", "inner graph uses nothing")]
    [InlineData("graph 'linear', node 'if' (If), attribute 'then_branch', node 'identity' (Identity): output 'product' exists already: a value is made once", "inner graph hides a value")]
    [InlineData("graph 'linear', node 'if' (If), attribute 'else_branch': output 'x' is made by nothing in it", "inner graph gives an outer value")]
    public void Mistake_is_found(string expected, string mistake)
    {
        var model = Linear();
        var graph = model.Graph;
        var add = graph.Nodes[1];
        var w = graph.Initializers[0];
        Action make = mistake switch
        {
            "none" => () => model.IrVersion = 0,
            "no operator sets" => () => { model.OperatorSets.Clear(); graph.Nodes.Clear(); graph.Outputs.Clear(); },
            "input twice" => () => graph.Inputs.Add(graph.Inputs[0]),
            "input without a name" => () => graph.Inputs.Add(Value("", ElementType.Bool)),
            "input without a type" => () => graph.Inputs[0].Type = null,
            "output without an element type" => () => graph.Outputs[0].Type = new OnnxType.Tensor(ElementType.Undefined, null),
            "output of nothing" => () => graph.Outputs.Add(Value("z", ElementType.Bool)),
            "graph without a name" => () => graph.Name = "",
            "initializer twice" => () => graph.Initializers.Add(w),
            "initializer without a name" => () => graph.Initializers.Add(Tensor("", ElementType.Bool, [])),
            "initializers of IR 3" => () => { model.IrVersion = 3; graph.Inputs.Add(Value("w", ElementType.Float32)); },
            "node of itself" => () => graph.Nodes[0].Inputs[0] = "product",
            "order" => () => graph.Nodes.Reverse(),
            "output twice" => () => { add.Outputs[0] = "product"; graph.Outputs[0].Name = "product"; },
            "output of an initializer's name" => () => { add.Outputs[0] = "w"; graph.Outputs[0].Name = "w"; },
            "metadata twice" => () => model.Metadata.AddRange([new("k", "1"), new("k", "2")]),

            "no operator" => () => { add.OpType = ""; add.Name = ""; },
            "node of nothing" => () => { model.OperatorSets.Add(new("x", 1)); graph.Nodes.Add(new OnnxNode { OpType = "Add", Name = "add", Domain = "x" }); },
            "domain not imported" => () => add.Domain = "com.microsoft",
            "import twice" => () => model.OperatorSets.Add(new("ai.onnx", 16)),
            "import of version 0" => () => model.OperatorSets.Add(new("x", 0)),
            "newer operator" => () => Become("Gelu", ["x"]),
            "misspelt operator" => () => Become("LayerNormalisation", ["x", "b"]),
            "withdrawn operator" => () => Become("Scatter", ["x", "x", "x"]),
            "too few inputs" => () => Become("Add", ["x"]),
            "too many inputs" => () => Become("Clip", ["x", "", "", "b"]),
            "too many outputs" => () => add.Outputs.Add("more"),
            "no repeated input" => () => Become("Concat", [], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int }),
            "required input left out" => () => Become("Add", ["x", ""]),
            "required input after optional ones" => () =>
            {
                Become("GroupQueryAttention", ["x", "", "", "", "", "", "x"], Integer("num_heads"), Integer("kv_num_heads"));
                add.Domain = "com.microsoft";
                model.OperatorSets.Add(new("com.microsoft", 1));
            },

            "required attribute" => () => Become("Concat", ["x", "x"]),
            "attribute of another kind" => () => Become("Softmax", ["x"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Float }),
            "unknown attribute" => () => Become("Softmax", ["x"], Integer("axes"), Integer("__note")),
            "attribute twice" => () => Become("Softmax", ["x"], Integer("axis"), Integer("axis")),
            "attribute without a name" => () => Become("Softmax", ["x"], Integer("")),
            "attribute without a kind" => () => Become("Softmax", ["x"], new OnnxAttribute { Name = "axis", Int = 1 }),
            "attribute with two values" => () => Become("Softmax", ["x"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, Int = 1, Float = 1 }),
            "attribute without a value" => () => Become("ConstantOfShape", ["x"], new OnnxAttribute { Name = "value", Kind = AttributeKind.Tensor }),
            "reference outside of functions" => () => Become("Softmax", ["x"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, ReferenceName = "axis" }),

            "tensor without a type" => () => w.ElementType = ElementType.Undefined,
            "type that ONNX lacks" => () => w.ElementType = ElementType.Float6E2M3,
            "short tensor" => () => w.Data = w.Data[1..],
            "huge tensor" => () => w.Dimensions = [1L << 32, 1L << 32],
            "strings" => () => { w.ElementType = ElementType.String; w.Strings.Add(default); },
            "short constant" => () => Become("ConstantOfShape", ["x"], new OnnxAttribute { Name = "value", Kind = AttributeKind.Tensor, Tensor = new() { ElementType = ElementType.Float32, Dimensions = [1], Data = new byte[3] } }),
            "no location" => () => Externalize(new("", 0, null)),
            "location outside" => () => Externalize(new("../w", 0, null)),
            "external length" => () => Externalize(new("w", 0, 40)),
            "external offset" => () => Externalize(new("w", long.MaxValue, 48)),
            "external strings" => () => { Externalize(new("w", 0, null)); w.ElementType = ElementType.String; },
            "external and not" => () => w.External = new("w", 0, 48),
            "sparse indices" => () => { graph.SparseInitializers.Add(Sparse("s")); graph.SparseInitializers[0].Indices = Tensor("", ElementType.Int64, [2, 1]); },

            "int4" => () => graph.Initializers[0] = Tensor("w", ElementType.Int4, [4, 3]),
            "float8 input" => () => graph.Inputs.Add(Value("f", ElementType.Float8E5M2)),
            "sparse of IR 4" => () => { model.IrVersion = 4; graph.SparseInitializers.Add(Sparse("s")); graph.SparseInitializers.Add(Sparse("s2")); },
            "annotations of IR 4" => () => { model.IrVersion = 4; graph.QuantizationAnnotations.Add(new()); },
            "functions of IR 7" => () => { model.IrVersion = 7; AddFunction(); },
            "optional of IR 7" => () => { model.IrVersion = 7; graph.Inputs.Add(new() { Name = "o", Type = new OnnxType.Optional(new OnnxType.Tensor(ElementType.Bool, null)) }); },

            "function twice" => () => { AddFunction(); AddFunction(); },
            "function that calls itself" => () => { AddFunction().Nodes[0].OpType = "Thrice"; AddFunction("Thrice").Nodes[0].OpType = "Twice"; CallInDomain(); },
            "function output of nothing" => () => AddFunction().Nodes[0].Outputs[0] = "z",
            "function input twice" => () => AddFunction().Inputs.Add("x"),
            "function attribute twice" => () => { var f = AddFunction(); f.AttributeNames.Add("a"); f.AttributeNames.Add("a"); },
            "function that uses the graph" => () => AddFunction().Nodes[0].Inputs[0] = "w",
            "function without imports" => () => AddFunction().OperatorSets.Clear(),
            "reference to nothing" => () => AddFunction().Nodes[0] = Node("Softmax", ["x"], ["y"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, ReferenceName = "b" }),
            "reference and value" => () =>
            {
                var function = AddFunction();
                function.AttributeNames.Add("a");
                function.Nodes[0] = Node("Softmax", ["x"], ["y"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, ReferenceName = "a", Int = 1 });
            },
            "call with too much" => () =>
            {
                AddFunction();
                model.OperatorSets.Add(new("test", 1));
                graph.Nodes.Add(Node("Twice", ["x", "x"], ["t"]));
                graph.Nodes[^1].Domain = "test";
                graph.Nodes[^1].Name = "call";
            },
            "inner graph uses nothing" => () => AddIf("later", "inner", "inner"),
            "inner graph hides a value" => () => AddIf("x", "product", "product"),
            "inner graph gives an outer value" => () => AddIf("x", "inner", "inner", elseOutput: "x"),
            _ => throw new ArgumentException($"No mistake is called '{mistake}'."),
        };
        make();

        Assert.Equal([expected], OnnxChecker.Check(model).Select(problem => problem.ToString()));

        void Become(string opType, string[] inputs, params OnnxAttribute[] attributes)
        {
            add.OpType = opType;
            add.Inputs.Clear();
            add.Inputs.AddRange(inputs);
            add.Attributes.AddRange(attributes);
        }

        static OnnxAttribute Integer(string name) => new() { Name = name, Kind = AttributeKind.Int, Int = 1 };

        void Externalize(ExternalData external)
        {
            w.Data = default;
            w.External = external;
        }

        OnnxFunction AddFunction(string name = "Twice")
        {
            var function = new OnnxFunction { Name = name, Domain = "test" };
            function.OperatorSets.Add(new("", 17));
            function.Inputs.Add("x");
            function.Outputs.Add("y");
            function.Nodes.Add(Node("Identity", ["x"], ["y"]));
            model.Functions.Add(function);
            return function;
        }

        void CallInDomain()
        {
            foreach (var function in model.Functions)
            {
                function.OperatorSets.Add(new("test", 1));
                function.Nodes[0].Domain = "test";
            }
        }

        void AddIf(string input, string output, string thenOutput, string elseOutput = "other") => graph.Nodes.Add(Node("If", ["x"], ["if.y"],
            new() { Name = "then_branch", Kind = AttributeKind.Graph, Graph = Branch("then", Node("Identity", [input], [output]), thenOutput) },
            new() { Name = "else_branch", Kind = AttributeKind.Graph, Graph = Branch("else", Node("Identity", ["x"], ["other"]), elseOutput) }));

        static OnnxGraph Branch(string name, OnnxNode node, string output)
        {
            var branch = new OnnxGraph { Name = name, Nodes = { node } };
            branch.Outputs.Add(new OnnxValueInfo { Name = output });
            return branch;
        }
    }

    [Fact]
    public void External_file_must_hold_the_tensor()
    {
        var folder = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;
        try
        {
            File.WriteAllBytes(Path.Join(folder, "w"), new byte[60]);
            File.CreateSymbolicLink(Path.Join(folder, "link"), "w");

            Assert.Empty(Check("w", 12));
            Assert.Empty(Check("link", 12));
            Assert.Equal(["it ends at byte 61 of 'w', which has 60"], Check("w", 13));
            Assert.Equal(["its file 'v' is missing"], Check("v", 0));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        IEnumerable<string> Check(string location, long offset)
        {
            var model = Linear();
            model.Graph.Initializers[0].Data = default;
            model.Graph.Initializers[0].External = new ExternalData(location, offset, 48);
            return OnnxChecker.Check(model, folder).Select(problem => problem.What);
        }
    }

    [Fact]
    public void What_is_not_known_is_not_judged()
    {
        var model = Linear();
        model.OperatorSets.AddRange([new("org.example", 3), new("com.microsoft", 1)]);
        model.Graph.Nodes[0].Domain = "org.example";
        model.Graph.Nodes[0].OpType = "Anything";
        model.Graph.Nodes[1].Domain = "com.microsoft";
        model.Graph.Nodes[1].OpType = "FusedGemm";
        Assert.Empty(OnnxChecker.Check(model));

        var newer = Linear();
        newer.OperatorSets[0] = new("", 99);
        newer.Graph.Nodes[1].OpType = "NotYet";
        Assert.Empty(OnnxChecker.Check(newer));
    }

    [Fact]
    public void Valid_uses_of_functions_and_inner_graphs_pass()
    {
        var model = Linear();
        var twice = new OnnxFunction { Name = "Twice", Domain = "test" };
        twice.Inputs.Add("x");
        twice.Outputs.Add("y");
        twice.AttributeNames.Add("axis");
        twice.OperatorSets.AddRange([new("", 17), new("test", 1)]);
        twice.Nodes.Add(Node("Softmax", ["x"], ["y"], new OnnxAttribute { Name = "axis", Kind = AttributeKind.Int, ReferenceName = "axis" }));
        model.Functions.Add(twice);
        model.OperatorSets.Add(new("test", 1));
        var inner = new OnnxGraph { Name = "then" };
        // A value of the outer graph, and the same names in both branches.
        inner.Nodes.Add(Node("Twice", ["product"], ["inner"]));
        inner.Nodes[0].Domain = "test";
        inner.Outputs.Add(new OnnxValueInfo { Name = "inner" });
        model.Graph.Nodes.Add(Node("If", ["x"], ["z"],
            new() { Name = "then_branch", Kind = AttributeKind.Graph, Graph = inner },
            new() { Name = "else_branch", Kind = AttributeKind.Graph, Graph = inner }));
        // The default of an input, and an input that is an output.
        model.Graph.Inputs.Add(Value("w", ElementType.Float32));
        model.Graph.Outputs.Add(Value("x", ElementType.Float32));

        Assert.Empty(OnnxChecker.Check(model));
    }

    [Fact]
    public void Check_of_a_hostile_model_ends_soon()
    {
        var model = Linear();
        for (var i = 0; i < 200_000; i++)
            model.Graph.Nodes.Add(Node("Wrong", ["nothing"], ["y"]));
        model.Graph.Nodes[0].Attributes.AddRange(Enumerable.Range(0, 100_000).Select(i => new OnnxAttribute { Name = $"__{i}", Kind = AttributeKind.Int }));

        Assert.Equal(OnnxChecker.MaxProblems, OnnxChecker.Check(model).Count);
    }

    [Fact]
    public void Names_are_clipped_and_escaped_in_problems()
    {
        var model = Linear();
        model.Graph.Nodes[1].Name = "\u001b[2J" + new string('n', 1_000_000);
        model.Graph.Nodes[1].Inputs[1] = new string('i', 1_000_000);

        var problem = Assert.Single(OnnxChecker.Check(model));

        Assert.StartsWith("graph 'linear', node '\\u001b[2Jnnn", problem.Where, StringComparison.Ordinal);
        Assert.InRange(problem.ToString().Length, 1000, 1500);
    }

    [Fact]
    public void Graph_that_contains_itself_is_found()
    {
        var model = Linear();
        model.Graph.Nodes.Add(Node("If", ["x"], [],
            new() { Name = "then_branch", Kind = AttributeKind.Graph, Graph = model.Graph },
            new() { Name = "else_branch", Kind = AttributeKind.Graph }));

        Assert.Contains(OnnxChecker.Check(model), problem => problem.What == "graphs are nested deeper than 100");
    }

    [Fact]
    public void Long_chain_of_functions_is_no_cycle()
    {
        var model = Linear();
        for (var i = 0; i < 20_000; i++)
        {
            var function = new OnnxFunction { Name = $"f{i}", Domain = "test" };
            function.OperatorSets.Add(new("test", 1));
            function.Inputs.Add("x");
            function.Outputs.Add("y");
            function.Nodes.Add(Node($"f{i + 1}", ["x"], ["y"]));
            function.Nodes[0].Domain = "test";
            model.Functions.Add(function);
        }
        Assert.Empty(OnnxChecker.Check(model));

        model.Functions[^1].Nodes[0].OpType = "f0";
        Assert.Single(OnnxChecker.Check(model));
    }
}
