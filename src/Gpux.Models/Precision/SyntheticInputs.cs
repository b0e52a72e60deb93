using System.Collections.Immutable;
using System.Text.Json;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Precision;

/// <summary>Inputs of a model's kind where nobody recorded any: tokens, pixels and sounds by chance, the same for a seed each time.</summary>
public static class SyntheticInputs
{
    private const int UsualTokens = 24;
    private const int UsualVocabulary = 100;
    private const int UsualImageSize = 224;
    private const int Samples = 16_000;

    /// <param name="config">config.json: says how many tokens there are, and how large an image is.</param>
    /// <param name="tokens">Of a row, where the model leaves their number open.</param>
    /// <returns>Without the inputs that <see cref="ModelInputs.Complete"/> adds.</returns>
    public static Dictionary<string, Tensor> Make(ImmutableArray<ValueInfo> inputs, JsonElement config, long batch, int seed, int tokens = UsualTokens)
    {
        var (chance, vocabulary, imageSize) = (new Random(seed), Number(config, "vocab_size") ?? UsualVocabulary, Number(config, "image_size") ?? UsualImageSize);
        var made = new Dictionary<string, Tensor>();
        foreach (var input in inputs)
        {
            if (IsLeftToDefaults(input.Name))
                continue;
            var tensor = Tensor.Zeros(input.ElementType, ShapeOf(input, batch, imageSize, tokens));
            switch (input.ElementType)
            {
                case ElementType.Float32:
                    foreach (ref var value in tensor.AsSpan<float>())
                        value = (float)Normal(chance);
                    break;
                case ElementType.Int64:
                    foreach (ref var value in tensor.AsSpan<long>())
                        value = chance.Next(vocabulary);
                    break;
                case ElementType.Int32:
                    foreach (ref var value in tensor.AsSpan<int>())
                        value = chance.Next(vocabulary);
                    break;
                case ElementType.Bool:
                    tensor.Bytes.Fill(1);
                    break;
            }
            made[input.Name] = tensor;
        }
        return made;
    }

    // ModelInputs knows what these are where a caller leaves them out.
    private static bool IsLeftToDefaults(string name) =>
        name is "attention_mask" or "token_type_ids" or "task_type_ids" or "langs" or "lang_ids" or "xpath_tags_seq" or "xpath_subs_seq" or "global_attention_mask" or "bbox" or "position_ids" or "bool_masked_pos"
        || name.StartsWith("entity_", StringComparison.Ordinal) || name.StartsWith("past_key_values.", StringComparison.Ordinal);

    private static Shape ShapeOf(ValueInfo input, long batch, int imageSize, int tokens) => ModelInputs.Sized(input, batch, input.Name switch
    {
        "pixel_values" => imageSize,
        "input_values" => Samples,
        _ => tokens,
    });

    // Where the model is a pair, of its half.
    private static int? Number(JsonElement config, string name)
    {
        foreach (var part in (ReadOnlySpan<string>)["", "text_config", "vision_config"])
        {
            var at = part.Length == 0 ? config : config.ValueKind == JsonValueKind.Object && config.TryGetProperty(part, out var half) ? half : default;
            if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0)
                return number;
        }
        return null;
    }

    // Box and Muller.
    private static double Normal(Random chance) => Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
}
