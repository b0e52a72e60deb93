using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>CANINE: an encoder of characters, without a vocabulary. Characters become a quarter as many molecules, which a deep encoder
/// reads, and are themselves again.</summary>
/// <remarks>Source: arXiv:2103.06874; outputs of transformers 5.23, modeling_canine.py. B = batch, S = characters, M = molecules,
/// H = hidden size. input_ids are code points. Scores of all pairs of characters are computed, and masked: equal to the original's
/// chunks, at a memory that grows with the square of the length.</remarks>
internal static class Canine
{
    // What each hash function multiplies by.
    private static readonly int[] Primes = [31, 43, 59, 61, 73, 97, 103, 113, 137, 149, 157, 173, 181, 193, 211, 223];

    public static Architecture Architecture { get; } = new("canine", "google/canine-s",
    [
        new("CanineModel", ModelTask.FeatureExtraction, (graph, json, weights) =>
        {
            var (characters, molecules) = Read(TextInputs.Rows(graph), json, weights);
            return new Outputs { { "last_hidden_state", characters.Hidden }, { "pooler_output", Pool(molecules) } };
        }),
        .. TextEncoder.Family("canine", "", (inputs, json, weights) => Read(inputs, json, weights).Molecules,
            new("CanineForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
            new("CanineForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices())).Heads,
        .. TextEncoder.Family("canine", "", (inputs, json, weights) => Read(inputs, json, weights).Characters,
            new("CanineForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
            new("CanineForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan())).Heads,
    ]);

    private static Value Pool(EncodedText molecules) => molecules.Hidden.Pool(molecules.Body["pooler.dense"]);

    private static (EncodedText Characters, EncodedText Molecules) Read(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var shape = BertShape.Of(json);
        if (!shape.HasAbsolutePositions)
            throw new UnsupportedModelException($"This CANINE has positions of type '{shape.Positions}'.", "Absolute positions are built.");
        var (rate, shallow) = (json.Reach("downsampling_rate", 4), shape with { Layers = 1 });
        var body = weights.Body("canine");
        weights.Ignore("classifier", "qa_outputs"); // heads of other classes
        body.Ignore("pooler", "char_embeddings.position_ids");

        var characters = Embed(inputs, json, body["char_embeddings"], shape)
            .BertLayers(ChunkMask(inputs, json.Reach("local_transformer_stride", 128)), body["initial_char_encoder"], shallow);

        // As many molecules as fit, at least one.
        var graph = inputs.Ids.Graph;
        var length = graph.Extent(inputs.Length);
        var count = (length / graph.Constant([(long)rate])).Maximum(graph.Constant([1L]));
        var numbers = count.Range(Dim.Unknown); // [M]
        var members = (numbers.Unsqueeze(1) * graph.Constant((long)rate) + graph.Constant([.. Enumerable.Range(0, rate).Select(i => (long)i)]))
            .Minimum(length - graph.Constant([1L])); // [M, rate]
        var attended = inputs.Attended.Gather(members, axis: 1).Max(axis: 2); // [B, M]
        var molecules = ToMolecules(characters, count, numbers.Dim(0), rate, body["chars_to_molecules"], shape)
            .BertLayers(attended.PaddingMask(numbers.Dim(0)), body["encoder"], shape);

        // The first molecule is the first character; those behind it belong to its successors.
        var owners = (length.Range(inputs.Length) / graph.Constant((long)rate) + graph.Constant(1L)).Minimum(count - graph.Constant([1L])); // [S]
        var joined = ((Value[])[characters, molecules.Gather(owners, axis: 1)]).Concat(axis: 2); // [B, S, 2 H]
        var window = json.Reach("upsampling_kernel_size", 4) - 1;
        var projection = body["projection"];
        var x = Convolve(joined, projection["conv"], window + 1, stride: 1, padding: (window / 2, window - window / 2)).Apply(shape.Activation)
            .LayerNorm(projection["LayerNorm"], shape.Epsilon)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["final_char_encoder"], shallow);
        return (new EncodedText(x, inputs, json, body, weights), new EncodedText(molecules, inputs, json, body, weights));
    }

    // Each hash function picks a row of its own table; the rows lie side by side.
    private static Value Embed(TextInputs inputs, ModelConfig json, Weights weights, BertShape shape)
    {
        var functions = json.Int("num_hash_functions", 8, minimum: 1) is var count && count <= Primes.Length ? count
            : throw json.Invalid("num_hash_functions", $"at most {Primes.Length} was expected");
        var (graph, buckets) = (inputs.Ids.Graph, json.Int("num_hash_buckets", 16_384, minimum: 1));
        var shards = Primes.Take(functions).Select((prime, i) => ((inputs.Ids + graph.Constant(1L)) * graph.Constant((long)prime)).Modulo(buckets)
            .Embedding(weights[$"HashBucketCodepointEmbedder_{i}"]));
        var x = ((Value[])[.. shards]).Concat(axis: 2) + inputs.Tokens("token_type_ids").Embedding(weights["token_type_embeddings"])
            + inputs.Ids.LearnedPositions(weights["char_position_embeddings"]);
        return x.LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    // A character sees those of its chunk: [B, 1, S, S]. A chunk that is all padding sees itself, and nothing else, evenly.
    private static Value ChunkMask(TextInputs inputs, int stride)
    {
        var graph = inputs.Ids.Graph;
        var chunks = graph.Extent(inputs.Length).Range(inputs.Length) / graph.Constant((long)stride);
        var together = chunks.Unsqueeze(1).EqualTo(chunks.Unsqueeze(0)); // [S, S]
        return together.Where(inputs.Attended.PaddingMask(inputs.Length), graph.Scalar(double.NegativeInfinity, ElementType.Float32));
    }

    // The first character, and a convolution over the characters of each molecule but the last: [B, M, H].
    private static Value ToMolecules(Value characters, Value count, Dim molecules, int rate, Weights weights, BertShape shape)
    {
        var graph = characters.Graph;
        // Zeros behind, so that there is something to convolve in a text of fewer characters than one molecule has.
        var all = Convolve(characters, weights["conv"], rate, stride: rate, padding: (0, rate - 1)).Apply(shape.Activation);
        var kept = all.Slice(axis: 1, graph.Constant([0L]), count - graph.Constant([1L]), Dim.Unknown);
        return ((Value[])[characters.Slice(axis: 1, 0, 1), kept]).Concat(axis: 1, molecules).LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    private static Value Convolve(Value x, Weights weights, int size, int stride, (int Before, int Behind) padding)
    {
        var kernel = weights.Get("weight");
        if (kernel.Rank != 3 || !kernel.Dim(2).MayEqual(size))
            throw new GraphException("Conv", $"The kernel {kernel} is not of the size {size} that config.json states.");
        return x.Transpose(0, 2, 1).Conv1D(kernel, weights.Find("bias"), stride, padding).Transpose(0, 2, 1);
    }
}
