using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What the classes of text encoders put on top of the last hidden state. B = batch, S = tokens, H = hidden size.</summary>
internal static class TaskHeads
{
    /// <summary>The weights of the body: checkpoints with a head keep them under a prefix, the bare body has none.</summary>
    public static Weights Body(this Weights weights, params ReadOnlySpan<string> prefixes)
    {
        foreach (var prefix in prefixes)
            if (weights.Has(prefix))
                return weights[prefix];
        return weights;
    }

    public static Outputs AsLogits(this Value logits) => new() { { "logits", logits } };

    /// <summary>Scores of rows that were choices, [B * choices, 1], as logits [B, choices].</summary>
    public static Outputs AsChoices(this Value scores) => scores.Reshape("batch_size", "num_choices").AsLogits();

    /// <summary>start_logits and end_logits, [B, S] each, of a projection to two.</summary>
    public static Outputs AsSpan(this Value scores)
    {
        var ends = scores.Split(axis: 2, 1, 1); // [B, S, 1] each
        return new Outputs { { "start_logits", ends[0].Squeeze(2) }, { "end_logits", ends[1].Squeeze(2) } };
    }

    /// <summary>The last hidden state, and what the body's pooler makes of it if the checkpoint has one: [B, H].</summary>
    public static Outputs AsStates(this Value hidden, Weights body)
    {
        var outputs = new Outputs { { "last_hidden_state", hidden } };
        if (body.Has("pooler"))
            outputs.Add("pooler_output", hidden.Pool(body["pooler.dense"]));
        return outputs;
    }

    /// <summary>The state of the first token: [B, H].</summary>
    public static Value FirstToken(this Value hidden) => hidden.At(axis: 1, 0);

    /// <summary>Of each text the state of one token: [B, H].</summary>
    /// <param name="numbers">The tokens' numbers: int64 [B].</param>
    public static Value TokenAt(this Value hidden, Value numbers)
    {
        var graph = hidden.Graph;
        var rows = graph.Extent(hidden.Dim(0)).Range(hidden.Dim(0)) * graph.Extent(hidden.Dim(1));
        return hidden.Reshape(Dim.Rest, hidden.Dim(2)).Gather(rows + numbers);
    }

    /// <summary>tanh of a projection of the first token: [B, H].</summary>
    public static Value Pool(this Value hidden, Weights dense) => hidden.FirstToken().Linear(dense).Tanh();

    /// <summary>Two projections of the first token, the modules "dense" and "out_proj": [B, labels].</summary>
    public static Value ClassifyFirstToken(this Value hidden, Weights head, string activation = "tanh") =>
        hidden.FirstToken().Linear(head["dense"]).Apply(activation).Linear(head["out_proj"]);

    /// <summary>One vector of a text by the module "sequence_summary", [B, width]: what version 5 of the library calls SequenceSummary.</summary>
    /// <param name="type">Of summary_type the default of the class, and so the others.</param>
    public static Value Summarize(this EncodedText text, string type, bool isProjected, string? activation)
    {
        var summary = text.Json.Text("summary_type", type) switch
        {
            "first" => text.Hidden.FirstToken(),
            "last" or "cls_index" => text.Hidden.At(axis: 1, -1), // with no index given, that of the last token
            "mean" => text.Hidden.Mean(axis: 1),
            _ => throw text.Json.Invalid("summary_type", "first, last, mean or cls_index was expected"),
        };
        if (text.Json.Bool("summary_use_proj", isProjected))
            summary = summary.Linear(text.Weights["sequence_summary.summary"]);
        // Null, unlike a field that is left out, is no activation.
        var function = text.Json.IsNull("summary_activation") ? "" : text.Json.Text("summary_activation", activation ?? "");
        return function.Length == 0 ? summary : summary.Apply(function);
    }

    /// <summary>Scores of all tokens of the vocabulary by the module <paramref name="decoder"/>, [B, S, vocabulary]. Its weight is
    /// most often tied to the table of embeddings, and then left out of the file, or stands in it twice.</summary>
    /// <param name="head">Holds the decoder and, in most files, a bias of its own.</param>
    /// <param name="table">The module of the token embeddings.</param>
    public static Value ScoreTokens(this Value x, Weights head, Weights table, ModelConfig json, string decoder = "decoder")
    {
        // The file's own decoder counts if there is one; without a tie there must be one.
        var isTied = json.Bool("tie_word_embeddings", true) && !head.Has($"{decoder}.weight");
        var matrix = isTied ? table.Get("weight") : head.Get($"{decoder}.weight");
        var bias = head.Find($"{decoder}.bias") ?? head.Get("bias");
        head.Ignore("bias");
        return x.Linear(matrix, bias);
    }
}
