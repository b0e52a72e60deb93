using System.Globalization;
using System.Text.Json;
using Gpux.Runtime.Tokenizers.AddedTokens;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>tokenizer_config.json with the older files that say the same: special_tokens_map.json and added_tokens.json.</summary>
internal sealed class TokenizerConfig
{
    public const string FileName = "tokenizer_config.json";
    private const double NoLimit = 1e20; // what transformers writes for "unknown" is larger
    private const int MostExtraIds = 1 << 16;
    private static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private readonly JsonFields? _config;
    private readonly Dictionary<int, AddedToken> _added = [];
    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private JsonFields? _specialMap;

    private TokenizerConfig(JsonFields? config, string className)
    {
        _config = config;
        Class = className;
        var name = Class.EndsWith("Fast", StringComparison.Ordinal) ? Class[..^"Fast".Length] : Class;
        ClassName = name == "MT5Tokenizer" ? "T5Tokenizer" : name;
    }

    /// <summary>Whether the repository has the file.</summary>
    public bool Exists => _config is not null;

    public string Class { get; }

    /// <summary>The class without the ending that tells the Rust implementation from the Python one, and by its first name where it has two.</summary>
    public string ClassName { get; }

    /// <summary>Tokens to add, in the order of the ids that the files give them.</summary>
    public IEnumerable<AddedToken> Added
    {
        get
        {
            int[] ids = [.. _added.Keys];
            Array.Sort(ids);
            foreach (var id in ids)
                yield return _added[id];
        }
    }

    public int? ModelMaxLength { get; private set; }

    public static TokenizerConfig Read(RepositoryFiles files)
    {
        var stated = Open(files, FileName);
        var config = new TokenizerConfig(stated, stated?.StringOrNull("tokenizer_class") ?? ClassOfModel(files));
        config.ReadMaxLength();
        if (config._config?.Find("added_tokens_decoder") is not null)
            config.ReadDecoder(config._config.Value.Object("added_tokens_decoder"));
        else
            config.ReadOlderFiles(files);
        return config;
    }

    public bool? Flag(string name) => _config?.BoolOrNull(name);

    /// <summary>Whether the file says anything of this, be it null.</summary>
    public bool Mentions(string name) => _config is { } config && config.Mentions(name);

    public string? Text(string name) => _config?.StringOrNull(name);

    /// <returns>Null if there is no such list.</returns>
    public IReadOnlyList<string>? TextList(string name) => _config?.Find(name) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Null ? item.GetString() ?? ""
            : throw _config.Value.Wrong(name, "holds something else than texts"))] : null;

    public int Number(string name, int otherwise) => _config is { } config ? config.Int(name, otherwise) : otherwise;

    /// <summary>How many sentinel tokens the class adds to the vocabulary.</summary>
    public int ExtraIds(int otherwise)
    {
        var count = Number("extra_ids", otherwise);
        return count <= MostExtraIds ? count : throw new InvalidTokenizerException(FileName, $"'extra_ids' is {count}");
    }

    /// <summary>The token of a role.</summary>
    /// <param name="otherwise">What the class uses where the files say nothing.</param>
    public AddedToken? Token(string role, AddedToken? otherwise)
    {
        var value = _specialMap?.Find(role) ?? _config?.Find(role);
        if (value is not { } element)
            return Mentions(role) ? null : otherwise;
        if (TokenOf(element, FileName) is not { } token)
            return null;
        // A class takes the space around some of its tokens with them where a file gives nothing but their text.
        if (element.ValueKind == JsonValueKind.String && otherwise is not null)
            token = otherwise with { Content = token.Content };
        return _byContent.GetValueOrDefault(token.Content, token);
    }

    /// <summary>Special tokens without a role of their own.</summary>
    public IEnumerable<AddedToken> AdditionalTokens()
    {
        var (own, older, extra) = (_config?.Find("additional_special_tokens"), _specialMap?.Find("additional_special_tokens"), _config?.Find("extra_special_tokens"));
        // Version 5 of transformers writes the list under another name, where version 4 has names of tokens: {"image_token": "<image>"}.
        JsonElement?[] lists = own is null && older is null ? [extra] : [own, older];
        foreach (var list in lists)
        {
            if (list is not { ValueKind: JsonValueKind.Array } elements)
                continue;
            foreach (var element in elements.EnumerateArray())
            {
                if (KnownToken(element) is { } token)
                    yield return token;
            }
        }
        if (extra is not { ValueKind: JsonValueKind.Object } named)
            yield break;
        foreach (var entry in named.EnumerateObject())
        {
            if (KnownToken(entry.Value) is { } token)
                yield return token;
        }
    }

    // As it is described where tokens are added.
    private AddedToken? KnownToken(JsonElement element) =>
        TokenOf(element, FileName) is { } token ? _byContent.GetValueOrDefault(token.Content, token) : null;

    // Old repositories name the class in config.json, or leave it to the model's family.
    private static string ClassOfModel(RepositoryFiles files) => Open(files, "config.json") is not { } model ? ""
        : model.StringOrNull("tokenizer_class") ?? ModelTokenizers.ClassOf(model.StringOrNull("model_type") ?? "");

    private void ReadMaxLength()
    {
        if (_config?.Find("model_max_length") is { ValueKind: JsonValueKind.Number } value && value.GetDouble() is >= 1 and < int.MaxValue and < NoLimit)
            ModelMaxLength = (int)value.GetDouble();
    }

    private void ReadDecoder(JsonFields decoder)
    {
        foreach (var entry in decoder.Properties())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                throw decoder.Wrong("added_tokens_decoder", $"has the id '{entry.Name}'");
            Add(id, TokenizerJson.AddedTokenOf(new JsonFields(entry.Value, FileName), normalizedByDefault: true));
        }
    }

    private void ReadOlderFiles(RepositoryFiles files)
    {
        _specialMap = Open(files, "special_tokens_map.json");
        if (Open(files, "added_tokens.json") is not { } added)
            return;
        var special = new HashSet<string>(StringComparer.Ordinal);
        foreach (var role in Roles)
        {
            if (Token(role, null) is { } token)
                special.Add(token.Content);
        }
        foreach (var token in AdditionalTokens())
            special.Add(token.Content);
        foreach (var entry in added.Properties())
        {
            if (!entry.Value.TryGetInt32(out var id) || id < 0)
                throw new InvalidTokenizerException("added_tokens.json", $"'{entry.Name}' has no id");
            var isSpecial = special.Contains(entry.Name);
            Add(id, new AddedToken(entry.Name, Normalized: !isSpecial, Special: isSpecial));
        }
    }

    private void Add(int id, AddedToken token)
    {
        _added[id] = token;
        _byContent[token.Content] = token;
    }

    private static AddedToken? TokenOf(JsonElement element, string file) => element.ValueKind switch
    {
        JsonValueKind.String when element.GetString() is { } content => new AddedToken(content, Special: true),
        JsonValueKind.Object => TokenizerJson.AddedTokenOf(new JsonFields(element, file), normalizedByDefault: true) with { Special = true },
        _ => null,
    };

    private static JsonFields? Open(RepositoryFiles files, string name)
    {
        if (files.Find(name) is not { } json)
            return null;
        try
        {
            return new JsonFields(PythonJson.Parse(json), name);
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException)
        {
            throw new InvalidTokenizerException(name, damage.Message.TrimEnd('.'), damage);
        }
    }
}
