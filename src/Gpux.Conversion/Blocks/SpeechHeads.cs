using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Speech that a family's body has encoded, for its heads. B = batch, T = frames, H = hidden size.</summary>
/// <param name="Hidden">The last hidden state: float [B, T, H].</param>
/// <param name="Lengths">How many frames of each row are no padding: int64 [B].</param>
/// <param name="States">What enters the first layer, and what each layer gives: [B, T, H] each.</param>
/// <param name="Features">The frames that enter the encoder's projection, where the original class returns them.</param>
/// <param name="Weights">The module where heads are.</param>
internal sealed record EncodedSpeech(Value Hidden, Value Lengths, IReadOnlyList<Value> States, Value? Features, ModelConfig Json, Weights Weights);

/// <summary>A class of a family of speech encoders: what it makes of the encoded speech.</summary>
internal sealed record SpeechHead(string ClassName, string Task, Func<EncodedSpeech, Outputs> Build);

/// <summary>What the classes of speech encoders put on top of the last hidden state.</summary>
internal static class SpeechHeads
{
    /// <summary>A family whose classes differ by their heads alone.</summary>
    /// <param name="encode">Builds the body.</param>
    public static Architecture Family(string modelType, string example, Func<GraphBuilder, ModelConfig, Weights, EncodedSpeech> encode,
        params IEnumerable<SpeechHead> heads) =>
        new(modelType, example, [.. heads.Select(head => new Head(head.ClassName, head.Task, (graph, json, weights) => head.Build(encode(graph, json, weights))))]);

    /// <summary>The weights of the body under its prefix, with the heads of all classes beside it; a bare body has neither.</summary>
    public static Weights SpeechBody(this Weights weights, string prefix)
    {
        var body = weights;
        if (weights.Has(prefix))
        {
            body = weights[prefix];
            weights.Ignore("lm_head", "projector", "classifier", "layer_weights", "tdnn", "feature_extractor", "objective");
            // What was of use for pre-training alone.
            weights.Ignore("quantizer", "project_q", "project_hid", "ctc_proj", "label_embeddings_concat", "layer_norm_for_extract", "speaker_proj");
        }
        body.Ignore("masked_spec_embed");
        return body;
    }

    public static SpeechHead Model(string prefix) => new($"{prefix}Model", ModelTask.FeatureExtraction, speech =>
    {
        var outputs = new Outputs { { "last_hidden_state", speech.Hidden } };
        if (speech.Features is { } features)
            outputs.Add("extract_features", features);
        return outputs;
    });

    /// <summary>Scores of tokens for each frame: [B, T, vocabulary].</summary>
    public static SpeechHead Ctc(string prefix) => new($"{prefix}ForCTC", ModelTask.AutomaticSpeechRecognition,
        speech => speech.Hidden.Linear(speech.Weights["lm_head"]).AsLogits());

    /// <summary>Scores of classes for all of a row: [B, labels].</summary>
    public static SpeechHead SequenceClassification(string prefix) => new($"{prefix}ForSequenceClassification", ModelTask.AudioClassification, speech =>
    {
        var projected = speech.WithoutAdapter().Summed().Linear(speech.Weights["projector"]);
        return projected.MeanOver(speech.Lengths.FirstFrames(projected.Dim(1))).Linear(speech.Weights["classifier"]).AsLogits();
    });

    /// <summary>Scores of classes for each frame, such as who speaks: [B, T, labels].</summary>
    public static SpeechHead FrameClassification(string prefix) => new($"{prefix}ForAudioFrameClassification", ModelTask.AudioFrameClassification,
        speech => speech.WithoutAdapter().Summed().Linear(speech.Weights["classifier"]).AsLogits());

    /// <summary>A vector of the speaker (x-vector, DOI 10.1109/ICASSP.2018.8461375): [B, width].</summary>
    public static SpeechHead XVector(string prefix) => new($"{prefix}ForXVector", ModelTask.AudioXVector, speech =>
    {
        var x = speech.Summed().Linear(speech.Weights["projector"]);
        var (kernels, dilations) = (speech.Json.Ints("tdnn_kernel", 5, 3, 3, 1, 1), speech.Json.Ints("tdnn_dilation", 1, 2, 3, 1, 1));
        var layers = speech.Json.Ints("tdnn_dim", 512, 512, 512, 512, 1500).Count;
        if (kernels.Count != layers || kernels.Any(size => size is < 1 or > 1024))
            throw speech.Json.Invalid("tdnn_kernel", "a size of 1 to 1024 for each of tdnn_dim was expected");
        if (dilations.Count != layers || dilations.Any(step => step is < 1 or > 1 << 16))
            throw speech.Json.Invalid("tdnn_dilation", "a distance of at least 1 for each of tdnn_dim was expected");
        var lengths = speech.Lengths;
        for (var i = 0; i < layers; i++)
        {
            x = x.Neighbours(kernels[i], dilations[i]).Linear(speech.Weights[$"tdnn.{i}.kernel"]).Relu();
            lengths = lengths.CountWindows(kernels[i], stride: 1); // the original does not count dilations
        }
        var attended = lengths.FirstFrames(x.Dim(1));
        var mean = x.MeanOver(attended);
        var squares = (x - mean.Unsqueeze(1)).Power(2).Blank(attended).Sum(axis: 1);
        var deviation = (squares / (attended.Sum(axis: 1, keep: true).Cast(ElementType.Float32) - 1f)).Sqrt();
        var embeddings = ((Value[])[mean, deviation]).Concat(axis: 1).Linear(speech.Weights["feature_extractor"]);
        return new Outputs { { "logits", embeddings.Linear(speech.Weights["classifier"]) }, { "embeddings", embeddings } };
    });

    /// <summary>The states and what a frame should say, by entries of codebooks, in one space: [B, T, width] each.</summary>
    public static SpeechHead PreTraining(string prefix) => new($"{prefix}ForPreTraining", ModelTask.PreTraining, speech => new Outputs
    {
        { "projected_states", speech.Hidden.Linear(speech.Weights["project_hid"]) },
        { "projected_quantized_states", Quantized(speech).Linear(speech.Weights["project_q"]) },
    });

    // Of each codebook the entry that scores best, side by side: [B, T, width].
    private static Value Quantized(EncodedSpeech speech)
    {
        var quantizer = speech.Weights["quantizer"];
        var (scores, entries) = (speech.Features!.Linear(quantizer["weight_proj"]), quantizer.Get("codevectors")); // families with this class return them
        var books = speech.Json.Int("num_codevector_groups", 2, minimum: 1);
        if (entries.Rank != 3 || scores.Dim(2) != entries.Dim(1) || entries.Dim(1).Size!.Value is var all && all % books != 0) // weights have known extents
            throw new GraphException("quantizer", $"{entries} are no entries of {books} codebooks.");
        var (batch, frames, size) = (scores.Dim(0), scores.Dim(1), all / books);
        var first = new long[books];
        for (var i = 0; i < books; i++)
            first[i] = i * size;
        var best = scores.Reshape(batch, frames, books, size).ArgMax(axis: 3) + scores.Graph.Constant(first); // [B, T, books]
        return entries.Squeeze(0).Gather(best).Reshape(batch, frames, entries.Dim(2) * books);
    }

    private static Value Summed(this EncodedSpeech speech) => Summed(speech.Hidden, speech.States, speech.Json, speech.Weights);

    /// <summary>The states of all layers, weighted, where the model was trained so; else the last one.</summary>
    public static Value Summed(Value hidden, IReadOnlyList<Value> states, ModelConfig json, Weights head)
    {
        if (!json.Bool("use_weighted_layer_sum", false))
            return hidden;
        var weights = head.Get("layer_weights");
        if (weights.Rank != 1 || !weights.Dim(0).MayEqual(states.Count))
            throw new GraphException("layer_weights", $"{weights} are not weights of {states.Count} states.");
        var shares = weights.Softmax(axis: 0);
        return states.Select((state, i) => state * shares.At(axis: 0, i)).Aggregate((sum, state) => sum + state);
    }

    // The originals of these heads refuse adapters, too.
    private static EncodedSpeech WithoutAdapter(this EncodedSpeech speech) => !speech.Json.Bool("add_adapter", false) ? speech
        : throw new UnsupportedModelException("A classifier behind an adapter (add_adapter in config.json) is not defined.",
            "Check config.json: classes with adapters are those for recognition of speech (ForCTC) and the bare model.");

    private static Value MeanOver(this Value x, Value attended) =>
        x.Blank(attended).Sum(axis: 1) / attended.Sum(axis: 1, keep: true).Cast(ElementType.Float32);

    // Each frame with those that follow it at a distance, side by side: [B, T - (size - 1) * distance, size * H]. With a matrix this is
    // a convolution whose kernel lies as these checkpoints have it.
    private static Value Neighbours(this Value x, int size, int distance)
    {
        if (size == 1)
            return x;
        var parts = new Value[size];
        for (var i = 0; i < size; i++)
        {
            var left = (size - 1L - i) * distance;
            parts[i] = x.Slice(axis: 1, (long)i * distance, left == 0 ? long.MaxValue : -left);
        }
        return parts.Concat(axis: 2);
    }
}
