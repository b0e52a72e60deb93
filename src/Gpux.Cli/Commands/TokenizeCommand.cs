using System.CommandLine;
using System.Text.Json;
using Gpux.Cli.Terminals;
using Gpux.Registries.Store;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Cli.Commands;

internal sealed class TokenizeCommand : GpuxCommand
{
    public const string Summary = "Show the tokens that a model reads a text as.";

    private readonly Argument<string> _model = ModelArgument();
    private readonly Argument<string[]> _text = new("text") { Description = "The text; default: standard input.", Arity = ArgumentArity.ZeroOrMore };
    private readonly TextSource _source = new();
    private readonly Option<string> _pair = new("--pair") { Description = "A second text that the model reads with the first." };
    private readonly Option<bool> _bare = new("--no-special-tokens") { Description = "Leave out the tokens that the model adds around a text." };
    private readonly Option<int?> _longest = new("--max-length") { Description = "Cut to so many tokens." };

    public TokenizeCommand(Services services) : base(services, "tokenize", Summary,
        "gpux tokenize samples/language-id \"Où est la gare ?\"", "gpux tokenize samples/storyteller --file prompt.txt --json")
    {
        Add(_model);
        Add(_text);
        _source.AddTo(this, _text);
        Add(_pair);
        Add(_bare);
        Add(_longest);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reference = Services.Reference(parsed.GetRequiredValue(_model));
        var texts = _source.Read(parsed, parsed.GetValue(_text) ?? []);
        var (_, files) = await Services.Library.FetchConfigurationAsync(reference, Lookup.PreferStore, Terminal.Progress, cancellationToken);
        var tokenizer = Tokenizer.Load(files.Find);
        var options = new EncodeOptions
        {
            AddSpecialTokens = !parsed.GetValue(_bare),
            Truncation = parsed.GetValue(_longest) is { } longest ? new Truncation { MaxLength = longest } : null,
        };
        Encoding[] encodings = [.. texts.Select(text => tokenizer.Encode(text, parsed.GetValue(_pair), options))];
        Terminal.Print(
            output =>
            {
                for (var i = 0; i < encodings.Length; i++)
                    Write(output, encodings[i], texts[i], parsed.GetValue(_pair));
            },
            json =>
            {
                if (encodings.Length == 1)
                {
                    Write(json, encodings[0]);
                    return;
                }
                json.WriteStartArray();
                foreach (var encoding in encodings)
                    Write(json, encoding);
                json.WriteEndArray();
            });
        return ExitCode.Done;
    }

    private void Write(TextWriter output, Encoding encoding, string text, string? pair)
    {
        var table = new Table("id", "token", "text", "at").AlignRight(0);
        for (var i = 0; i < encoding.Count; i++)
        {
            var at = encoding.Offsets[i];
            var source = encoding.SequenceIds[i] == 1 ? pair ?? text : text;
            table.Row(encoding.Ids[i].ToString(), encoding.Tokens[i], at.End > at.Start ? Visible(source[at.Start..at.End]) : "",
                encoding.SpecialTokensMask[i] == 1 ? "" : $"{at.Start}-{at.End}");
        }
        table.Write(Terminal, output);
        output.WriteLine(Terminal.Dim($"{encoding.Count} tokens"));
    }

    private static string Visible(string text) => text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);

    private static void Write(Utf8JsonWriter json, Encoding encoding)
    {
        json.WriteStartObject();
        WriteNumbers(json, "input_ids", encoding.Ids);
        WriteNumbers(json, "token_type_ids", encoding.TypeIds);
        WriteNumbers(json, "attention_mask", encoding.AttentionMask);
        WriteNumbers(json, "special_tokens_mask", encoding.SpecialTokensMask);
        json.WriteStartArray("tokens");
        foreach (var token in encoding.Tokens)
            json.WriteStringValue(token);
        json.WriteEndArray();
        json.WriteStartArray("offsets"); // of code points, as the original's
        foreach (var range in encoding.CodePointOffsets)
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.Start);
            json.WriteNumberValue(range.End);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("word_ids");
        foreach (var word in encoding.WordIds)
        {
            if (word is { } number)
                json.WriteNumberValue(number);
            else
                json.WriteNullValue();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
