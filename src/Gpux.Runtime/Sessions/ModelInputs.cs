using System.Collections.Immutable;

namespace Gpux.Runtime.Sessions;

/// <summary>Supplies the inputs of a transformer that a caller usually leaves out, with the values that the original classes assume.</summary>
public static class ModelInputs
{
    /// <summary>The given inputs that the model has, and defaults for those of its inputs that are not given: attention_mask of ones,
    /// token_type_ids, task_type_ids, global_attention_mask, bbox and prompt_length of zeros, langs, lang_ids and the paths of MarkupLM of -1, which stands for none or for the configuration's own, no entities, position_ids that count from the length of the cache, an empty cache, bool_masked_pos without a mark, pixel_mask of ones, input_labels of ones, no input_points beside input_boxes and the other way round.
    /// An input that has no default is left out, and is missing when the model runs.</summary>
    public static Dictionary<string, Tensor> Complete(ImmutableArray<ValueInfo> inputs, IReadOnlyDictionary<string, Tensor> given)
    {
        var complete = new Dictionary<string, Tensor>(inputs.Length);
        foreach (var input in inputs)
        {
            if (given.TryGetValue(input.Name, out var tensor) || (tensor = Default(input, given)) is not null)
                complete[input.Name] = tensor;
        }
        return complete;
    }

    // Null if there is none.
    private static Tensor? Default(ValueInfo input, IReadOnlyDictionary<string, Tensor> given)
    {
        if (First(given) is not { Rank: > 0 } first)
            return null;
        var batch = first[0];
        var length = first.Rank > 1 ? first[1] : 1;
        var past = PastLength(given);
        return input.Name switch
        {
            "pixel_mask" when given.TryGetValue("pixel_values", out var pixels) && pixels.Shape.Rank == 4 =>
                Ones(input.ElementType, new Shape(pixels.Shape[0], pixels.Shape[2], pixels.Shape[3])),
            // Prompts of a mask generator: points that are all of the thing, no points, or no boxes.
            "input_points" when Boxes(given) is { } boxes => Tensor.Zeros(input.ElementType, new Shape(boxes[0], boxes[1], 0, 2)),
            "input_labels" when given.TryGetValue("input_points", out var points) && points.Shape.Rank == 4 =>
                Ones(input.ElementType, new Shape(points.Shape[0], points.Shape[1], points.Shape[2])),
            "input_labels" when Boxes(given) is { } boxes => Tensor.Zeros(input.ElementType, new Shape(boxes[0], boxes[1], 0)),
            "input_boxes" => Tensor.Zeros(input.ElementType, new Shape(batch, 0, 4)),
            "attention_mask" => Ones(input.ElementType, TokensAfter(past)),
            "token_type_ids" or "task_type_ids" or "global_attention_mask" => Tensor.Zeros(input.ElementType, TokensAfter(0)),
            "langs" => Nothing(TokensAfter(0)),
            "lang_ids" => Nothing(new Shape(batch)),
            "xpath_tags_seq" or "xpath_subs_seq" => Nothing(Sized(input, batch, length)),
            "entity_attention_mask" when given.TryGetValue("entity_ids", out var entities) => Ones(input.ElementType, entities.Shape),
            "entity_token_type_ids" when given.TryGetValue("entity_ids", out var entities) => Tensor.Zeros(input.ElementType, entities.Shape),
            "entity_ids" or "entity_attention_mask" or "entity_token_type_ids" or "entity_position_ids" or "entity_start_positions" or "entity_end_positions" =>
                Tensor.Zeros(input.ElementType, Sized(input, batch, otherwise: 0)),
            "bbox" => Tensor.Zeros(input.ElementType, new Shape(batch, length, 4)),
            "prompt_length" => Tensor.Zeros(input.ElementType, new Shape(batch)),
            "position_ids" => Positions(batch, length, past),
            "bool_masked_pos" => Tensor.Zeros(input.ElementType, Sized(input, batch, otherwise: 1)),
            _ when input.Name.StartsWith("past_key_values.", StringComparison.Ordinal) =>
                Tensor.Zeros(input.ElementType, Sized(input, batch, otherwise: 0)),
            _ => null,
        };

        // Of several choices a row there is a number for each token too.
        Shape TokensAfter(long cached) => first.Rank == 3 && input.Dimensions?.Length == 3 ? first : new Shape(batch, cached + length);
    }

    private static Shape? Boxes(IReadOnlyDictionary<string, Tensor> given) =>
        given.TryGetValue("input_boxes", out var boxes) && boxes.Shape.Rank == 3 ? boxes.Shape : null;

    private static Shape? First(IReadOnlyDictionary<string, Tensor> given)
    {
        foreach (var name in (ReadOnlySpan<string>)["input_ids", "inputs_embeds", "pixel_values", "input_values", "input_features"])
            if (given.TryGetValue(name, out var tensor))
                return tensor.Shape;
        return null;
    }

    private static long PastLength(IReadOnlyDictionary<string, Tensor> given) =>
        given.TryGetValue("past_key_values.0.key", out var keys) && keys.Shape.Rank == 4 ? keys.Shape[2] : 0;

    /// <summary>The shape of an input for a number of rows: fixed extents as they are, free ones after the first as told.</summary>
    internal static Shape Sized(ValueInfo input, long batch, long otherwise)
    {
        var dimensions = input.Dimensions ?? [];
        var extents = new long[dimensions.Length];
        for (var i = 0; i < extents.Length; i++)
            extents[i] = i == 0 ? batch : dimensions[i].Size ?? otherwise;
        return new Shape(extents);
    }

    private static Tensor Ones(ElementType type, Shape shape)
    {
        var tensor = Tensor.Zeros(type, shape);
        switch (type)
        {
            case ElementType.Int64: tensor.AsSpan<long>().Fill(1); break;
            case ElementType.Int32: tensor.AsSpan<int>().Fill(1); break;
            case ElementType.Float32: tensor.AsSpan<float>().Fill(1); break;
            case ElementType.Bool: tensor.Bytes.Fill(1); break;
        }
        return tensor;
    }

    // What the graph knows as left out.
    private static Tensor Nothing(Shape shape)
    {
        var tensor = Tensor.Uninitialized(ElementType.Int64, shape);
        tensor.AsSpan<long>().Fill(-1);
        return tensor;
    }

    private static Tensor Positions(long batch, long length, long past)
    {
        var tensor = Tensor.Uninitialized(ElementType.Int64, new Shape(batch, length));
        var positions = tensor.AsSpan<long>();
        for (var i = 0; i < positions.Length; i++)
            positions[i] = past + i % length;
        return tensor;
    }
}
