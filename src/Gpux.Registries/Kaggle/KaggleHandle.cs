using System.Globalization;

namespace Gpux.Registries.Kaggle;

/// <summary>What a Kaggle model is called: owner/model/framework/variation, the last two or the last left out where the model has only
/// one.</summary>
/// <remarks>Source: kagglehub 0.3, handle.py; the frameworks of kagglesdk.</remarks>
internal sealed record KaggleHandle(string Owner, string Model, string? Framework, string? Variation)
{
    public const string Rule = "a Kaggle model is owner/model/framework/variation, then /version where wanted";

    private static readonly string[] Frameworks =
    [
        "tensorFlow1", "tensorFlow2", "tfLite", "tfJs", "pyTorch", "jax", "flax", "pax", "maxText", "gemmaCpp", "ggml", "gguf", "coral",
        "scikitLearn", "mxnet", "onnx", "keras", "transformers", "api", "other", "tensorRtLlm", "triton",
    ];

    /// <summary>Whether it names one variation, of which there are versions.</summary>
    public bool IsComplete => Framework is not null && Variation is not null;

    /// <summary>Reads owner/model[/framework[/variation[/version]]] or the same with @version.</summary>
    /// <exception cref="InvalidReferenceException">It is none of these.</exception>
    public static ModelReference ReadReference(string text)
    {
        var plain = ModelReference.ReadPlain(KaggleRegistry.Name, text.TrimEnd('/'));
        var (name, version) = (plain.Name, plain.Revision);
        if (name.Split('/') is [.. { Length: 4 } parts, var last])
            (name, version) = version is null ? (string.Join('/', parts), last) : throw Invalid(text);
        if (version is not null && !plain.IsPinned && !IsVersion(version))
            throw new InvalidReferenceException($"{KaggleRegistry.Name}:{text}", "a version is a whole number from 1");
        return new ModelReference(KaggleRegistry.Name, (Read(name) ?? throw Invalid(text)).ToString(), version);
    }

    /// <summary>Reads the address of a model's page: /models/owner/model[/framework[/variation[/version]]].</summary>
    public static ModelReference? ReadAddress(Uri address)
    {
        if (address.Host is not ("www.kaggle.com" or "kaggle.com"))
            return null;
        var path = Uri.UnescapeDataString(address.AbsolutePath).Trim('/');
        return path.StartsWith("models/", StringComparison.Ordinal) ? ReadReference(path["models/".Length..])
            : throw new InvalidReferenceException(address.ToString(), "a model's page on Kaggle begins with /models/");
    }

    /// <returns>Null where it is no handle.</returns>
    public static KaggleHandle? Read(string name) => name.Split('/') switch
    {
        [var owner, var model, .. { Length: <= 2 } rest] when IsSegment(owner) && IsSegment(model) && rest.All(IsSegment) =>
            new KaggleHandle(owner, model, rest.Length > 0 ? FrameworkOf(rest[0]) : null, rest.Length > 1 ? rest[1] : null),
        _ => null,
    };

    /// <summary>A framework's name in handles, from any of its forms: "tensorFlow2", "TensorFlow2", "MODEL_FRAMEWORK_TENSOR_FLOW_2".</summary>
    public static string FrameworkOf(string text)
    {
        const string prefix = "MODEL_FRAMEWORK_";
        var plain = (text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[prefix.Length..] : text).Replace("_", "");
        return Array.Find(Frameworks, framework => framework.Equals(plain, StringComparison.OrdinalIgnoreCase)) ?? text;
    }

    public static bool IsVersion(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0;

    public override string ToString() =>
        $"{Owner}/{Model}{(Framework is null ? "" : "/" + Framework)}{(Variation is null ? "" : "/" + Variation)}";

    // What is written into addresses and paths.
    private static bool IsSegment(string text) => text is not ("" or "." or "..")
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static InvalidReferenceException Invalid(string text) => new($"{KaggleRegistry.Name}:{text}", Rule);
}
