namespace Gpux.Onnx.Metadata;

/// <summary>What an ONNX file says of itself, and what it needs, without its weights being read.</summary>
/// <param name="SizeBytes">Of the file itself.</param>
/// <param name="Metadata">The last value of each key, in the file's order.</param>
/// <param name="Inputs">What a caller gives: inputs of the graph that no initializer has the name of.</param>
/// <param name="NodeCount">Nodes of the main graph; those of subgraphs and functions are not counted.</param>
/// <param name="EmbeddedBytes">Elements of tensors that lie within the file in one piece, in bytes.</param>
/// <param name="ExternalFiles">The files that hold elements of tensors, in the order of their names.</param>
public sealed record OnnxSummary(
    string Path, long SizeBytes, long IrVersion, IReadOnlyList<OperatorSet> OperatorSets, string ProducerName, string ProducerVersion,
    string Domain, long ModelVersion, string DocString, IReadOnlyList<KeyValuePair<string, string>> Metadata, string GraphName,
    int NodeCount, IReadOnlyList<OnnxValueInfo> Inputs, IReadOnlyList<OnnxValueInfo> Outputs, long EmbeddedBytes,
    IReadOnlyList<ExternalFile> ExternalFiles)
{
    /// <exception cref="InvalidOnnxException">Not an ONNX model, a damaged one, or one of 2 GiB or more.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static OnnxSummary Read(string path)
    {
        OnnxMetadata.RequireContent(path);
        using var region = MappedRegion.Open(path);
        if (region.Length > int.MaxValue)
            throw new InvalidOnnxException(path, "", 0, $"it has {region.Length} bytes, and protobuf ends at 2 GiB");
        var model = OnnxReader.ReadStructure(region.Memory, path);
        var tensors = Tensors(model);
        var constants = model.Graph.Initializers.Select(tensor => tensor.Name).ToHashSet();
        return new OnnxSummary(path, region.Length, model.IrVersion, model.OperatorSets, model.ProducerName, model.ProducerVersion,
            model.Domain, model.ModelVersion, model.DocString, OnnxMetadata.Effective(model.Metadata), model.Graph.Name,
            model.Graph.Nodes.Count, model.Graph.Inputs.FindAll(input => !constants.Contains(input.Name)), model.Graph.Outputs,
            tensors.Sum(tensor => (long)tensor.Data.Length), ExternalFile.Of(tensors, path));
    }

    // Subgraphs lie in attributes of nodes, so deep that a call for each would not do.
    private static List<OnnxTensor> Tensors(OnnxModel model)
    {
        var tensors = new List<OnnxTensor>();
        var graphs = new Stack<OnnxGraph>([model.Graph]);
        foreach (var function in model.Functions)
            Add(function.Nodes);
        while (graphs.TryPop(out var graph))
        {
            tensors.AddRange(graph.Initializers);
            AddSparse(graph.SparseInitializers);
            Add(graph.Nodes);
        }
        return tensors;

        void Add(List<OnnxNode> nodes)
        {
            foreach (var attribute in nodes.SelectMany(node => node.Attributes))
            {
                if (attribute.Stores(AttributeKind.Tensor))
                    tensors.Add(attribute.Tensor!); // Stores says so
                if (attribute.Stores(AttributeKind.Graph))
                    graphs.Push(attribute.Graph!); // likewise
                if (attribute.Stores(AttributeKind.SparseTensor))
                    AddSparse([attribute.SparseTensor!]); // likewise
                tensors.AddRange(attribute.Stores(AttributeKind.Tensors) ? attribute.Tensors : []);
                AddSparse(attribute.Stores(AttributeKind.SparseTensors) ? attribute.SparseTensors : []);
                foreach (var graph in attribute.Stores(AttributeKind.Graphs) ? attribute.Graphs : [])
                    graphs.Push(graph);
            }
        }

        void AddSparse(IEnumerable<OnnxSparseTensor> sparse)
        {
            foreach (var tensor in sparse)
                tensors.AddRange([tensor.Values, tensor.Indices]);
        }
    }
}
