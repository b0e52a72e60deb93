using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>Grounding DINO: a detector whose classes are the words of a text, which image and text look at each other to find.</summary>
/// <remarks>Source: arXiv:2303.05499 and arXiv:2401.02361 (MM); outputs of transformers 5.23, modeling_grounding_dino.py. B = images, Q = queries,
/// N = places of all maps, S = tokens, D = width of a state.</remarks>
internal static class GroundingDino
{
    // BERT's [CLS], [SEP], "." and "?": what stands between them is one phrase.
    private static readonly long[] Separators = [101, 102, 1012, 1029];

    // Of the logits that numbers next to 0 and 1 have.
    private const double Least = 1e-5;

    public static Architecture Architecture { get; } = new("grounding-dino", "IDEA-Research/grounding-dino-tiny",
    [
        new("GroundingDinoModel", ModelTask.FeatureExtraction, Model),
        new("GroundingDinoForObjectDetection", ModelTask.ZeroShotObjectDetection, ObjectDetection),
    ]);

    public static Architecture MM { get; } = new("mm-grounding-dino", "openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
    [
        new("MMGroundingDinoModel", ModelTask.FeatureExtraction, Model),
        new("MMGroundingDinoForObjectDetection", ModelTask.ZeroShotObjectDetection, ObjectDetection),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public bool IsMM { get; } = Json.ModelType == "mm-grounding-dino";
        public int Width { get; } = Json.Int("d_model", 256, minimum: 4) is var width && width % 4 == 0 ? width : throw Json.Invalid("d_model", "a multiple of 4 was expected");
        public int EncoderLayers { get; } = Json.LayerCount("encoder_layers", 6);
        public int EncoderHeads { get; } = Json.Int("encoder_attention_heads", 8, minimum: 2);
        public int EncoderPoints { get; } = Json.Int("encoder_n_points", 4, minimum: 1);
        public int DecoderLayers { get; } = Json.LayerCount("decoder_layers", 6);
        public int DecoderHeads { get; } = Json.Int("decoder_attention_heads", 8, minimum: 1);
        public int DecoderPoints { get; } = Json.Int("decoder_n_points", 4, minimum: 1);
        public string Activation { get; } = Json.Text("activation_function", "relu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-5f);
        public float Temperature { get; } = Json.Float("positional_embedding_temperature", 20);
        public int Queries { get; } = Json.Int("num_queries", 900, minimum: 1);
        public int LongestText { get; } = Json.Int("max_text_len", 256, minimum: 1);
        public bool IsOfVersion5 { get; } = !Json.Text("transformers_version", "5").StartsWith("4.", StringComparison.Ordinal);
        public bool IsTwoStage { get; } = Json.Bool("two_stage", true);
    }

    /// <param name="States">[B, S, D].</param>
    /// <param name="Attended">int64 [B, S]: 1 for tokens, 0 for padding.</param>
    /// <param name="Mask">What is added to scores so that tokens see their phrase alone: float [B, 1, S, S].</param>
    /// <param name="Positions">Waves of the tokens' numbers in their phrases: [B, S, D].</param>
    private sealed record Text(Value States, Value Attended, Value Mask, Value Positions);

    /// <param name="Queries">After the last normalisation: [B, Q, D].</param>
    /// <param name="Reference">The boxes that the last layer looked into: [B, Q, 4].</param>
    private sealed record Detected(Value Queries, Value Reference, Value Memory, Text Text);

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("bbox_embed", "class_embed");
        return States(Detect(graph, json, weights.Body("model"), boxes: null));
    }

    private static Outputs ObjectDetection(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, body) = (new Config(json), weights["model"]);
        // The layers may share one head, of which files hold the first alone or all copies, here or below the decoder.
        Weights Head(string name, int layer) => weights[weights.Has($"{name}.{layer}") ? $"{name}.{layer}" : $"{name}.0"];
        weights.Ignore("bbox_embed", "class_embed");
        var detected = Detect(graph, json, body, layer => Head("bbox_embed", layer));
        var last = config.DecoderLayers - 1;
        return
        [
            ("logits", Padded(Score(detected.Queries, detected.Text, Head("class_embed", last), config), detected.Text, config)),
            ("pred_boxes", (detected.Queries.Predict(Head("bbox_embed", last)) + Logit(detected.Reference)).Sigmoid()),
            .. States(detected),
        ];
    }

    private static Outputs States(Detected detected) => new()
    {
        { "last_hidden_state", detected.Queries },
        { "encoder_last_hidden_state_vision", detected.Memory },
        { "encoder_last_hidden_state_text", detected.Text.States },
    };

    private static Detected Detect(GraphBuilder graph, ModelConfig json, Weights body, Func<int, Weights>? boxes)
    {
        var config = new Config(json);
        if (json.Text("position_embedding_type", "sine") != "sine")
            throw new UnsupportedModelException($"This {json.ModelType} learned its positions (position_embedding_type in config.json).", "Take one with position_embedding_type sine.");
        if (config.DecoderLayers == 0)
            throw json.Invalid("decoder_layers", "at least 1 was expected");
        body["decoder"].Ignore("bbox_embed", "class_embed"); // copies of the heads
        var seen = DeformableDetr.See(Backbone.DetrMaps(graph, json, body["backbone.conv_encoder.model"], 2, 3, 4), json, body["input_proj_vision"], body.Get("level_embed"),
            marks => marks.SinePositions(config.Width, temperature: config.Temperature));
        var (memory, text) = Encode(seen, Read(graph, config, body), config, body["encoder"]);
        var (x, reference) = Start(seen, memory, text, config, body);
        return Decode(x, reference, seen, memory, text, config, body["decoder"], boxes);
    }

    // The text by its own encoder, in which tokens are numbered from the beginning of their phrase.
    private static Text Read(GraphBuilder graph, Config config, Weights body)
    {
        var json = config.Json.Section("text_config");
        if (json.Text("model_type", "bert") is not "bert" and var type)
            throw new UnsupportedModelException($"The text encoder of this {config.Json.ModelType}, a '{type}', is not built.", "Take a model whose text_config is of model_type bert.");
        var (shape, inputs, weights) = (BertShape.Of(json), TextInputs.Rows(graph), body["text_backbone"]);
        weights.Ignore("pooler", "embeddings.position_ids");
        if (!shape.HasAbsolutePositions)
            throw json.Invalid("position_embedding_type", "absolute was expected");

        var (together, numbers) = Phrases(inputs.Ids);
        var x = (inputs.EmbedTokens(weights["embeddings"], json.Int("type_vocab_size", 2)) + numbers.Embedding(weights["embeddings.position_embeddings"]))
            .LayerNorm(weights["embeddings.LayerNorm"], shape.Epsilon);
        // Tokens beyond the longest text are not read.
        var start = graph.Constant([0L]);
        var end = inputs.Ids.Extent(1).Minimum(graph.Constant([(long)config.LongestText]));
        x = x.Slice(axis: 1, start, end, Dim.Unknown);
        var length = x.Dim(1);
        Value Cut(Value of, int axis = 1) => of.Slice(axis, start, end, length);
        var seen = Cut(Cut(together), axis: 2).Unsqueeze(1); // [B, 1, S, S]
        var mask = seen.Where(graph.Scalar(0, ElementType.Float32), graph.Scalar(SelfAttention.Masked, ElementType.Float32));
        // Version 5 of the library adds the marks themselves to the scores of this encoder: a phrase has 1 more, and the others are seen.
        x = x.BertLayers(config.IsOfVersion5 ? seen.Cast(ElementType.Float32) : mask, weights["encoder"], shape);
        return new Text(x.Linear(body["text_projection"]), Cut(inputs.Attended), mask, (Cut(numbers).Cast(ElementType.Float32) * (2 * MathF.PI)).Waves(config.Width));
    }

    // Which tokens see each other, bool [B, S, S], and the number of each in its phrase, int64 [B, S]. A separator before the last token ends a
    // phrase; what is in none, such as padding, stands alone. So does the first token.
    private static (Value Together, Value Numbers) Phrases(Value ids)
    {
        var graph = ids.Graph;
        var columns = graph.Extent(ids.Dim(1)).Range(ids.Dim(1)); // [S]
        var ends = columns.EqualTo(0);
        foreach (var separator in Separators)
            ends |= ids.EqualTo(separator);
        var marks = ends.Cast(ElementType.Int64); // [B, S]
        var phrase = marks.CumulativeSum(axis: 1) - marks; // how many phrases ended before the token
        var count = marks.Slice(axis: 1, 0, -1).Sum(axis: 1, keep: true); // [B, 1]
        var (queries, keys) = (columns.Unsqueeze(1), columns.Unsqueeze(0));
        var together = (phrase.Unsqueeze(2).EqualTo(phrase.Unsqueeze(1)) & (phrase < count).Unsqueeze(2)) | queries.EqualTo(keys);
        return (together, (together & (queries > keys)).Cast(ElementType.Int64).Sum(axis: 2));
    }

    private static (Value Memory, Text Text) Encode(DeformableDetr.Seen seen, Text text, Config config, Weights weights)
    {
        var (graph, memory, states) = (text.States.Graph, seen.Tokens, text.States);
        var places = seen.Levels.Middles(graph, seen.Shares);
        // Half of the heads and of the widths are the text's.
        var heads = config.EncoderHeads / 2;
        var tokensSeen = text.Attended.PaddingMask(memory.Dim(1));
        var placesSeen = seen.Marks.Squeeze(2).PaddingMask(states.Dim(1));
        for (var i = 0; i < config.EncoderLayers; i++)
        {
            var layer = weights[$"layers.{i}"];
            (memory, states) = Fuse(memory, states, placesSeen, tokensSeen, layer["fusion_layer"], heads, config.Epsilon);
            states = Enhance(states, text, layer["text_enhancer_layer"], heads, config);
            memory = DeformableDetr.EncoderLayer(memory, seen, places, layer["deformable_layer"], config.EncoderHeads,
                PerLevel(config.EncoderPoints, seen), config.Activation, config.Epsilon);
        }
        return (memory, text with { States = states });
    }

    // Image and text look at each other by one set of scores, and keep what is normalised.
    private static (Value Memory, Value States) Fuse(Value memory, Value states, Value placesSeen, Value tokensSeen, Weights weights, int heads, float epsilon)
    {
        memory = memory.LayerNorm(weights["layer_norm_vision"], epsilon);
        states = states.LayerNorm(weights["layer_norm_text"], epsilon);
        var attention = weights["attn"];
        Value Heads(Value of, string module) => of.Linear(attention[module]).SplitHeads(heads);
        var (places, tokens) = (Heads(memory, "vision_proj"), Heads(states, "text_proj"));
        var ofTokens = places.Attend(tokens, Heads(states, "values_text_proj"), tokensSeen).Linear(attention["out_vision_proj"]);
        var ofPlaces = tokens.Attend(places, Heads(memory, "values_vision_proj"), placesSeen).Linear(attention["out_text_proj"]);
        return (memory + ofTokens * weights.Get("vision_param"), states + ofPlaces * weights.Get("text_param"));
    }

    private static Value Enhance(Value states, Text text, Weights weights, int heads, Config config)
    {
        var placed = states + text.Positions;
        states = (states + Attend(placed, placed, states, text.Mask, weights["self_attn"], heads)).LayerNorm(weights["layer_norm_before"], config.Epsilon);
        return (states + states.Perceptron(weights["fc1"], weights["fc2"], config.Activation)).LayerNorm(weights["layer_norm_after"], config.Epsilon);
    }

    // The queries and the boxes around which they look first: those of the places that resemble a token most, or learned ones.
    private static (Value Queries, Value Reference) Start(DeformableDetr.Seen seen, Value memory, Text text, Config config, Weights body)
    {
        Value ForEach(Value of) => of.Unsqueeze(0).Expand("batch_size", of.Dim(0), of.Dim(1));
        var queries = ForEach(body.Get("query_position_embeddings.weight"));
        if (!config.IsTwoStage)
            return (queries, ForEach(body.Get("reference_points.weight")).Sigmoid());
        var (logits, counts) = seen.Levels.BoxesAround(memory.Graph, seen.Shares, seen.Marks);
        var states = (counts.Cast(ElementType.Float32) * memory).Linear(body["enc_output"]).LayerNorm(body["enc_output_norm"], config.Epsilon);
        var (_, best) = Score(states, text, body["encoder_output_class_embed"], config).Max(axis: 2).Largest(config.Queries); // [B, Q]
        var boxes = states.Predict(body["encoder_output_bbox_embed"]) + logits;
        return (queries, boxes.Rows(best).Sigmoid());
    }

    private static Detected Decode(Value x, Value reference, DeformableDetr.Seen seen, Value memory, Text text, Config config, Weights weights, Func<int, Weights>? boxes)
    {
        var mask = text.Attended.PaddingMask(x.Dim(1));
        var share = seen.Shares[0]; // [B, 1, 2]
        var looked = reference;
        for (var i = 0; i < config.DecoderLayers; i++)
        {
            var layer = weights[$"layers.{i}"];
            Value Norm(Value of, string module) => of.LayerNorm(layer[module], config.Epsilon);
            looked = reference;
            var positions = BoxWaves(reference * ((Value[])[share, share]).Concat(axis: 2), config.Width).Predict(weights["reference_points_head"]);
            var asking = x + positions;
            x = Norm(x + Attend(asking, asking, x, mask: null, layer["self_attn"], config.DecoderHeads), "self_attn_layer_norm");
            x = Norm(x + Attend(x + positions, text.States, text.States, mask, layer["encoder_attn_text"], config.DecoderHeads), "encoder_attn_text_layer_norm");
            x = Norm(x + (x + positions).AttendDeformably(memory, seen.Levels, layer["encoder_attn"], config.DecoderHeads, PerLevel(config.DecoderPoints, seen),
                (offsets, level) => DeformableDetr.Locate(offsets, level, looked, seen), seen: seen.Marks), "encoder_attn_layer_norm");
            x = x.DetrFeedForward(layer, config.Activation, config.Epsilon);
            if (boxes is not null)
                reference = (x.Predict(boxes(i)) + Logit(reference)).Sigmoid();
        }
        return new Detected(x.LayerNorm(weights["layer_norm"], config.Epsilon), looked, memory, text);
    }

    // Waves of a box's y, x, width and height: [B, Q, 4] to [B, Q, 2 D].
    private static Value BoxWaves(Value boxes, int width)
    {
        var parts = boxes.Split(axis: 2, 1, 1, 2);
        return (((Value[])[parts[1], parts[0], parts[2]]).Concat(axis: 2) * (2 * MathF.PI)).Waves(width / 2).Reshape(boxes.Dim(0), boxes.Dim(1), 2 * width);
    }

    // How much each state resembles each token; padding, minus infinity: [B, Q, S].
    private static Value Score(Value states, Text text, Weights weights, Config config)
    {
        var scores = states.MatMul(text.States.Transpose(0, 2, 1));
        if (config.IsMM)
            scores = scores / MathF.Sqrt(config.Width) + weights.Get("bias");
        return text.Attended.EqualTo(1).Unsqueeze(1).Where(scores, scores.Graph.Scalar(double.NegativeInfinity, ElementType.Float32));
    }

    // As many columns as the longest text has tokens.
    private static Value Padded(Value scores, Text text, Config config)
    {
        var graph = scores.Graph;
        var columns = graph.Constant([(long)config.LongestText]).Range(config.LongestText); // [longest]
        var length = graph.Extent(text.Attended.Dim(1));
        var padded = scores.PadEnd(axis: 2, graph.Constant([(long)config.LongestText]) - length, config.LongestText);
        return (columns < length).Where(padded, graph.Scalar(double.NegativeInfinity, ElementType.Float32));
    }

    private static Value Attend(Value queries, Value keys, Value values, Value? mask, Weights weights, int heads)
    {
        Value Heads(Value of, string module) => of.Linear(weights[module]).SplitHeads(heads);
        return Heads(queries, "query").Attend(Heads(keys, "key"), Heads(values, "value"), mask).Linear(weights["out_proj"]);
    }

    private static IReadOnlyList<int> PerLevel(int points, DeformableDetr.Seen seen) => [.. Enumerable.Repeat(points, seen.Levels.Sizes.Count)];

    private static Value Logit(Value x)
    {
        x = x.Clip(Least, 1 - Least);
        return (x / (1f - x)).Log();
    }
}
