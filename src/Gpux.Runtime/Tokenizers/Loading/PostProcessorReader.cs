using System.Text.Json;
using Gpux.Runtime.Tokenizers.PostProcessors;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>post_processor</c> of a tokenizer.json.</summary>
internal static class PostProcessorReader
{
    public static PostProcessor Read(JsonElement element, string file)
    {
        var fields = new JsonFields(element, file);
        return fields.Type switch
        {
            "TemplateProcessing" => Template(fields),
            "BertProcessing" => PostProcessor.Bert(Token(fields, "cls"), Token(fields, "sep")),
            "RobertaProcessing" => PostProcessor.Roberta(Token(fields, "cls"), Token(fields, "sep"),
                fields.Bool("trim_offsets", true), fields.Bool("add_prefix_space", true)),
            "ByteLevel" => fields.Bool("trim_offsets", true)
                ? PostProcessor.None with { Trims = [fields.Bool("add_prefix_space", true)] }
                : PostProcessor.None,
            "Sequence" => Sequence(fields),
            var type => throw new UnsupportedTokenizerException($"the post-processor '{type}'"),
        };
    }

    private static PostProcessor Sequence(JsonFields fields)
    {
        var all = PostProcessor.None;
        foreach (var element in fields.Array("processors"))
        {
            var part = Read(element, fields.File);
            var isTemplate = !ReferenceEquals(part.Single, PostProcessor.None.Single);
            if (isTemplate && !ReferenceEquals(all.Single, PostProcessor.None.Single))
                throw new UnsupportedTokenizerException("a sequence of post-processors with two templates");
            all = (isTemplate ? part : all) with { Trims = [.. all.Trims, .. part.Trims] };
        }
        return all;
    }

    private static PostProcessor Template(JsonFields fields)
    {
        var tokens = fields.Find("special_tokens") is null ? null : (JsonFields?)fields.Object("special_tokens");
        return new PostProcessor
        {
            Single = fields.Array("single", part => Part(part, tokens, fields, isPair: false)),
            Pair = fields.Array("pair", part => Part(part, tokens, fields, isPair: true)),
        };
    }

    private static TemplatePart Part(JsonElement element, JsonFields? tokens, JsonFields fields, bool isPair)
    {
        var part = new JsonFields(element, fields.File);
        if (part.Has("Sequence"))
        {
            var text = part.Object("Sequence");
            return text.String("id") switch
            {
                "A" => TemplatePart.Text(0, text.Int("type_id", 0)),
                "B" when isPair => TemplatePart.Text(1, text.Int("type_id", 0)),
                var id => throw fields.Wrong(isPair ? "pair" : "single", $"names the text '{id}'"),
            };
        }
        var special = part.Object("SpecialToken");
        var name = special.String("id");
        if (tokens is not { } known || !known.Has(name))
            throw fields.Wrong("special_tokens", $"lacks '{name}'");
        var token = known.Object(name);
        var texts = token.Array("tokens", text => text.GetString() ?? "");
        var ids = new int[texts.Length];
        var count = 0;
        foreach (var id in token.Array("ids"))
        {
            if (!id.TryGetInt32(out var value) || value < 0)
                throw fields.Wrong("ids", "is no list of ids");
            if (count < ids.Length)
                ids[count] = value;
            count++;
        }
        if (count != texts.Length)
            throw fields.Wrong("special_tokens", $"has other ids than tokens for '{name}'");
        return new TemplatePart(-1, special.Int("type_id", 0), ids, texts);
    }

    private static TemplatePart Token(JsonFields fields, string name)
    {
        var element = fields.Get(name);
        return element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 && element[1].TryGetInt32(out var id) && id >= 0
            ? TemplatePart.Token(id, element[0].GetString() ?? "", 0)
            : throw fields.Wrong(name, "is no pair of a token and its id");
    }
}
