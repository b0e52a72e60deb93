using Gpux.Conversion.Architectures.Vision;
using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Dense;

/// <summary>SAM: masks of what points or boxes show in an image.</summary>
/// <remarks>Source: arXiv:2304.02643; outputs of transformers 5.23, modeling_sam.py. B = images, P = prompts of an image, N = points of a
/// prompt, T = tokens of a prompt, S = places of the image, H = hidden size of the decoder. Masks as prompts are not taken.</remarks>
internal static class Sam
{
    private const float MapEpsilon = 1e-6f;

    public static Architecture Architecture { get; } = new("sam", "facebook/sam-vit-base",
    [
        new("SamModel", ModelTask.MaskGeneration, (graph, json, weights) => Masks(graph, json, weights, first: 1, end: long.MaxValue)),
        new("SamModel(multimask_output=false)", ModelTask.MaskGeneration, (graph, json, weights) => Masks(graph, json, weights, first: 0, end: 1)),
        new("SamModel.get_image_embeddings", ModelTask.ImageFeatureExtraction, ImageEmbeddings),
    ]);

    private static Outputs ImageEmbeddings(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("prompt_encoder", "mask_decoder", "shared_image_embedding");
        return new Outputs { { "image_embeddings", Encode(graph, json.Section("vision_config"), weights["vision_encoder"]) } };
    }

    // Of the masks for a prompt the first is the best single one; the others are of wholes, parts and parts of these.
    private static Outputs Masks(GraphBuilder graph, ModelConfig json, Weights weights, long first, long end)
    {
        var (ofPrompts, ofMasks) = (json.Section("prompt_encoder_config"), json.Section("mask_decoder_config"));
        var (prompts, decoder) = (weights["prompt_encoder"], weights["mask_decoder"]);
        prompts.Ignore("mask_embed", "shared_embedding");
        var image = Encode(graph, json.Section("vision_config"), weights["vision_encoder"]) + prompts.Get("no_mask_embed.weight").Reshape(1, Dim.Rest, 1, 1);
        var directions = weights.Get("shared_image_embedding.positional_embedding"); // [2, H / 2]

        var points = graph.Input("input_points", ElementType.Float32, "batch_size", "point_batch_size", "nb_points_per_prompt", 2);
        var tokens = ((Value[])
        [
            ((Value[])[decoder.Get("iou_token.weight"), decoder.Get("mask_tokens.weight")]).Concat(axis: 0) is var own
                ? own.Expand("batch_size", "point_batch_size", own.Dim(0), own.Dim(1)) : own,
            EmbedPrompts(points, directions, ofPrompts.Int("image_size", 1024, minimum: 1), prompts),
        ]).Concat(axis: 2); // [B, P, T, H]
        var (states, places) = Look(tokens, image, Waves(Grid(graph, image), directions), ofMasks, decoder["transformer"]);

        var (height, width) = (image.Dim(2), image.Dim(3));
        var map = places.ToMap(height, width).Deconv2D(decoder["upscale_conv1"].Kernel(), decoder["upscale_conv1"].Find("bias"))
            .ChannelNorm(decoder["upscale_layer_norm"], MapEpsilon).Gelu();
        map = map.Deconv2D(decoder["upscale_conv2"].Kernel(), decoder["upscale_conv2"].Find("bias")).Gelu(); // [B * P, C, 4 height, 4 width]
        var count = decoder.Get("mask_tokens.weight").Dim(0).Size!.Value; // weights have known extents
        var named = new List<Value>();
        for (var i = 0; i < count; i++)
            named.Add(Perceptron(states.At(axis: 1, 1 + i), decoder[$"output_hypernetworks_mlps.{i}"]).Unsqueeze(1));
        var masks = named.Concat(axis: 1).MatMul(map.Reshape(map.Dim(0), map.Dim(1), Dim.Rest)); // [B * P, masks, places]
        var scores = Perceptron(states.At(axis: 1, 0), decoder["iou_prediction_head"]);
        return new Outputs
        {
            { "iou_scores", scores.Reshape("batch_size", "point_batch_size", count).Slice(axis: 2, first, end) },
            { "pred_masks", masks.Reshape("batch_size", "point_batch_size", count, map.Dim(2), map.Dim(3)).Slice(axis: 2, first, end) },
        };
    }

    // Projections with ReLU between them, the modules "proj_in", "layers.0" and so on, and "proj_out".
    private static Value Perceptron(Value x, Weights weights)
    {
        x = x.Linear(weights["proj_in"]).Relu();
        for (var i = 0; weights.Has($"layers.{i}"); i++)
            x = x.Linear(weights[$"layers.{i}"]).Relu();
        return x.Linear(weights["proj_out"]);
    }

    // [B, H, rows, columns]
    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var epsilon = json.Float("layer_norm_eps", 1e-6f);
        var (everywhere, window) = (json.Ints("global_attn_indexes", 2, 5, 8, 11), json.Int("window_size", 14));
        var attention = new VitDet.Config(json) { RelativePositions = json.Bool("use_rel_pos", true) };
        var x = graph.Pixels(json.Channels(), json.Size("image_size", 1024)).Project(weights["patch_embed.projection"]).ChannelsLast();
        if (json.Bool("use_abs_pos", true))
            x += weights.Get("pos_embed");
        for (var i = 0; i < attention.Layers; i++)
        {
            var layer = weights[$"layers.{i}"];
            var normed = x.LayerNorm(layer["layer_norm1"], epsilon);
            x += window == 0 || everywhere.Contains(i) ? VitDet.Attend(normed, layer["attn"], attention) : VitDet.AttendInWindows(normed, window, layer["attn"], attention);
            x += x.LayerNorm(layer["layer_norm2"], epsilon).Perceptron(layer["mlp.lin1"], layer["mlp.lin2"], attention.Activation);
        }
        var neck = weights["neck"];
        return x.ChannelsFirst().Convolve(neck["conv1"]).ChannelNorm(neck["layer_norm1"], MapEpsilon).Convolve(neck["conv2"]).ChannelNorm(neck["layer_norm2"], MapEpsilon);
    }

    // The tokens of points and of the corners of boxes: [B, P, T, H]. Where there are no boxes, one token that is no point follows the points.
    private static Value EmbedPrompts(Value points, Value directions, int imageSize, Weights weights)
    {
        var graph = points.Graph;
        var labels = graph.Input("input_labels", ElementType.Int64, "batch_size", "point_batch_size", "nb_points_per_prompt");
        var boxes = graph.Input("input_boxes", ElementType.Float32, "batch_size", "boxes_batch_size", 4);
        Value Place(Value at) => Waves((at + 0.5f) / (float)imageSize, directions);
        Value Kind(int number) => weights.Get($"point_embed.{number}.weight");

        var (one, none) = (graph.Constant([1L]), graph.Constant([0L]));
        var count = graph.Extent("boxes_batch_size");
        var extra = one - count.Minimum(one); // 0 where there are boxes
        var all = ((Value[])[points, graph.Scalar(0, ElementType.Float32).Expand("batch_size", "point_batch_size", 1, 2).Slice(axis: 2, none, extra, Dim.Unknown)]).Concat(axis: 2);
        var kinds = ((Value[])[labels, graph.Constant(-1L).Expand("batch_size", "point_batch_size", 1).Slice(axis: 2, none, extra, Dim.Unknown)]).Concat(axis: 2).Unsqueeze(3);
        var embedded = kinds.EqualTo(-1).Where(weights.Get("not_a_point_embed.weight"), Place(all));
        embedded = kinds.EqualTo(-10).Where(graph.Scalar(0, ElementType.Float32), embedded); // padding
        embedded = kinds.EqualTo(0).Where(embedded + Kind(0), embedded); // of the background
        embedded = kinds.EqualTo(1).Where(embedded + Kind(1), embedded);

        // Of as many boxes as prompts each has one, of none none.
        var perPrompt = count * graph.Constant([2L]) / graph.Extent("point_batch_size");
        var corners = boxes.ReshapeExactly(((Value[])[graph.Extent("batch_size"), graph.Extent("point_batch_size"), perPrompt, graph.Constant([2L])]).Concat(0),
            "batch_size", "point_batch_size", Dim.Unknown, 2);
        var ends = ((Value[])[Kind(2), Kind(3)]).Concat(axis: 0).Slice(axis: 0, none, perPrompt, corners.Dim(2));
        return ((Value[])[embedded, Place(corners) + ends]).Concat(axis: 2);
    }

    // Sines and cosines of places in the unit square along some directions: a last axis of H instead of 2.
    private static Value Waves(Value places, Value directions)
    {
        var angles = (places * 2f - 1f).MatMul(directions) * (2 * MathF.PI);
        return ((Value[])[angles.Sin(), angles.Cos()]).Concat(axis: angles.Rank - 1);
    }

    // The middles of the places of a map, x and y: [S, 2].
    private static Value Grid(GraphBuilder graph, Value map)
    {
        var (rows, columns) = ((int)map.Dim(2).Size!.Value, (int)map.Dim(3).Size!.Value); // the size of images is known
        var middles = new float[rows * columns * 2];
        for (var i = 0; i < rows * columns; i++)
            (middles[2 * i], middles[2 * i + 1]) = ((i % columns + 0.5f) / columns, (i / columns + 0.5f) / rows);
        return graph.Constant(middles, rows * columns, 2);
    }

    // Prompts and places look at each other by turns: [B * P, T, H] and [B * P, S, H].
    private static (Value Tokens, Value Places) Look(Value tokens, Value image, Value positions, ModelConfig json, Weights weights)
    {
        var (heads, activation, epsilon) = (json.Int("num_attention_heads", 8, minimum: 1), json.Text("hidden_act", "relu"), json.Float("layer_norm_eps", 1e-6f));
        var places = image.ToTokens().Unsqueeze(1).Expand("batch_size", "point_batch_size", positions.Dim(0), image.Dim(1)).Reshape(Dim.Rest, positions.Dim(0), image.Dim(1));
        var names = tokens.Reshape(Dim.Rest, tokens.Dim(2), tokens.Dim(3));
        var x = names;
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 2); i++)
        {
            var layer = weights[$"layers.{i}"];
            Value Norm(Value of, int number) => of.LayerNorm(layer[$"layer_norm{number}"], epsilon);
            // The first layer starts from the names alone.
            x = Norm(i == 0 ? x.ClipAttention(mask: null, layer["self_attn"], heads)
                : x + (x + names).CrossAttention(x + names, x, mask: null, layer["self_attn"], heads), 1);
            x = Norm(x + (x + names).CrossAttention(places + positions, places, mask: null, layer["cross_attn_token_to_image"], heads), 2);
            x = Norm(x + x.Perceptron(layer["mlp.lin1"], layer["mlp.lin2"], activation), 3);
            places = Norm(places + (places + positions).CrossAttention(x + names, x, mask: null, layer["cross_attn_image_to_token"], heads), 4);
        }
        x += (x + names).CrossAttention(places + positions, places, mask: null, weights["final_attn_token_to_image"], heads);
        return (x.LayerNorm(weights["layer_norm_final_attn"], Convolutions.Epsilon), places);
    }
}
