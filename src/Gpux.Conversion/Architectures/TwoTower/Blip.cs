using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.TwoTower;

/// <summary>BLIP: a tower of images, and a BERT that looks at its patches to match a text with an image, or to write one.</summary>
/// <remarks>Source: arXiv:2201.12086; outputs of transformers 5.23, modeling_blip.py and modeling_blip_text.py. B = pairs, S = tokens,
/// N = patches, H = hidden size.</remarks>
internal static class Blip
{
    private static readonly ImageTextPair Towers = new("Blip", TextTower, ImageTower, Clip.ProjectText, Clip.ProjectImage);

    public static Architecture Architecture { get; } = new("blip", "Salesforce/blip-image-captioning-base",
    [
        new("BlipForConditionalGeneration", ModelTask.ImageToText, Captioning),
        new("BlipForImageTextRetrieval", ModelTask.ImageTextRetrieval, Matching),
        new("BlipForImageTextRetrieval(use_itm_head=false)", ModelTask.ImageTextRetrieval, Cosine),
        .. Towers.Joint, Towers.TextModel, VisionTower,
    ]);

    public static Architecture TextModel { get; } = new("blip_text_model", "Salesforce/blip-image-captioning-base", [Towers.TextModel]);

    public static Architecture VisionModel { get; } = new("blip_vision_model", "Salesforce/blip-image-captioning-base", [VisionTower]);

    // Also of checkpoints that write or match texts.
    private static Head VisionTower => Towers.VisionModel with
    {
        Build = (graph, json, weights) =>
        {
            weights.Ignore("text_decoder", "text_encoder", "vision_proj", "text_proj", "itm_head");
            return Towers.VisionModel.Build(graph, json, weights);
        },
    };

    private static Tower TextTower(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var hidden = Text(TextInputs.Rows(graph, rows), null, json, weights, isCausal: false);
        return new Tower(hidden, hidden.Pool(weights["pooler.dense"]));
    }

    private static Tower ImageTower(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var hidden = Image(graph, json, weights, rows);
        // Normalised once more, as the original has it.
        return new Tower(hidden, hidden.FirstToken().LayerNorm(weights["post_layernorm"], TowerShape.Of(json, activation: "gelu").Epsilon));
    }

    private static Outputs Matching(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("vision_proj", "text_proj");
        var image = Image(graph, json.Section("vision_config"), weights["vision_model"], "batch_size");
        var text = Text(TextInputs.Rows(graph), image, json.Section("text_config"), weights["text_encoder"], isCausal: false);
        return new Outputs { { "itm_score", text.FirstToken().Linear(weights["itm_head"]) } };
    }

    private static Outputs Cosine(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("itm_head");
        var image = Image(graph, json.Section("vision_config"), weights["vision_model"], "image_batch_size").FirstToken().Linear(weights["vision_proj"]).Normalized();
        var text = Text(TextInputs.Rows(graph, "text_batch_size"), null, json.Section("text_config"), weights["text_encoder"], isCausal: false).FirstToken().Linear(weights["text_proj"]).Normalized();
        return new Outputs { { "itm_score", image.MatMul(text.Transpose(1, 0)) } };
    }

    private static Outputs Captioning(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var image = Image(graph, json.Section("vision_config"), weights["vision_model"], "batch_size");
        var (decoder, ofText) = (weights["text_decoder"], json.Section("text_config"));
        var hidden = Text(TextInputs.Rows(graph), image, ofText, decoder["bert"], isCausal: true);
        var (head, shape) = (decoder["cls.predictions"], Shape(ofText));
        var logits = hidden.Transform(head["transform"], shape.Activation, shape.Epsilon).ScoreTokens(head, decoder["bert.embeddings.word_embeddings"], ofText);
        return new Outputs { { "logits", logits }, { "image_embeds", image } };
    }

    private static BertShape Shape(ModelConfig json) => new(json.LayerCount("num_hidden_layers", 12), json.Int("num_attention_heads", 8, minimum: 1),
        json.Text("hidden_act", "gelu"), json.Float("layer_norm_eps", 1e-12f), "absolute");

    // [B, 1 + N, H]
    private static Value Image(GraphBuilder graph, ModelConfig json, Weights weights, string rows)
    {
        var shape = TowerShape.Of(json, activation: "gelu");
        var map = graph.ClipMap(json, weights, rows);
        var x = map.EmbedClipPatches(json, weights["embeddings"], imageSize: 384, patchSize: 16);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = weights[$"encoder.layers.{i}"];
            var normed = x.LayerNorm(layer["layer_norm1"], shape.Epsilon);
            Value Heads(int part) => normed.Linear(layer["self_attn.qkv"].Part("weight", part, 3), layer["self_attn.qkv"].Has("bias") ? layer["self_attn.qkv"].Part("bias", part, 3) : null).SplitHeads(shape.Heads);
            x += Heads(0).Attend(Heads(1), Heads(2), mask: null).Linear(layer["self_attn.projection"]);
            x += x.LayerNorm(layer["layer_norm2"], shape.Epsilon).ClipPerceptron(layer["mlp"], shape.Activation);
        }
        return x.LayerNorm(weights["post_layernorm"], shape.Epsilon);
    }

    // BERT whose layers look at an image, if there is one, between their own attention and the feed-forward layers: [B, S, H].
    private static Value Text(TextInputs inputs, Value? image, ModelConfig json, Weights weights, bool isCausal)
    {
        var shape = Shape(json);
        var embeddings = weights["embeddings"];
        weights.Ignore("pooler", "embeddings.position_ids");
        var x = (inputs.Ids.Embedding(embeddings["word_embeddings"]) + inputs.Ids.LearnedPositions(embeddings["position_embeddings"])).LayerNorm(embeddings["LayerNorm"], shape.Epsilon);
        var mask = isCausal ? inputs.Attended.CausalMask(inputs.Length) : inputs.Attended.PaddingMask(inputs.Length);
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = weights[$"encoder.layer.{i}"];
            Value Attended(Value query, Value keys, Value? seen, Weights attention) =>
                (query + query.Linear(attention["self.query"]).SplitHeads(shape.Heads)
                    .Attend(keys.Linear(attention["self.key"]).SplitHeads(shape.Heads), keys.Linear(attention["self.value"]).SplitHeads(shape.Heads), seen)
                    .Linear(attention["output.dense"])).LayerNorm(attention["output.LayerNorm"], shape.Epsilon);
            x = Attended(x, x, mask, layer["attention"]);
            if (image is null)
                layer.Ignore("crossattention");
            else
                x = Attended(x, image, seen: null, layer["crossattention"]);
            x = (x + x.FeedForward(layer, shape.Activation)).LayerNorm(layer["output.LayerNorm"], shape.Epsilon);
        }
        return x;
    }
}
