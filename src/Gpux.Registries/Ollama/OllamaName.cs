using Gpux.Registries.Oci;

namespace Gpux.Registries.Ollama;

/// <summary>A model of an Ollama registry, without its tag.</summary>
/// <remarks>Source: types/model/name.go of ollama 0.12: which characters and lengths each part may have.</remarks>
internal sealed record OllamaName(string Host, string Namespace, string Model)
{
    public const string Registry = "ollama";
    public const string DefaultHost = "registry.ollama.ai";
    public const string DefaultTag = "latest";

    private const string DefaultNamespace = "library";

    /// <summary>As short as it can be written.</summary>
    public override string ToString() => Host != DefaultHost ? $"{Host}/{Namespace}/{Model}"
        : Namespace != DefaultNamespace ? $"{Namespace}/{Model}" : Model;

    /// <summary>Reads "[[scheme://]host/][namespace/]model[:tag]", and the form that <see cref="ModelReference.ToString"/> writes,
    /// in which the tag comes after '@'.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var at = text.IndexOf('@');
        var (named, tag) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        var colon = named.LastIndexOf(':');
        if (colon > named.LastIndexOf('/'))
            (named, tag) = (named[..colon], tag ?? named[(colon + 1)..]);
        var name = Read(named);
        return tag is null || IsPart(tag, mayHaveDot: true) ? new ModelReference(Registry, name.ToString(), tag)
            : throw Invalid(text, "a tag is 1 to 80 letters, digits, '_', '-' or '.', beginning with a letter, digit or '_'");
    }

    /// <exception cref="InvalidReferenceException">It names no model.</exception>
    public static OllamaName Read(string named)
    {
        var scheme = named.IndexOf("://", StringComparison.Ordinal);
        var parts = (scheme < 0 ? named : named[(scheme + 3)..]).Split('/');
        var name = parts switch
        {
            [var model] => new OllamaName(DefaultHost, DefaultNamespace, model),
            [var owner, var model] => new OllamaName(DefaultHost, owner, model),
            [var host, var owner, var model] => new OllamaName(host, owner, model),
            _ => throw Invalid(named, "it has more parts than host/namespace/model"),
        };
        if (name.Host.Length == 0 || name.Host[0] is '.' or '-' || !Uri.TryCreate($"https://{name.Host}/", UriKind.Absolute, out _)
            || name.Host.Length > 350 || !name.Host.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '[' or ']'))
            throw Invalid(named, $"'{Printable.Text(name.Host)}' is no host");
        if (named.StartsWith("http://", StringComparison.Ordinal))
            throw Invalid(named, $"http is not encrypted: name the host in {OciHost.InsecureVariable} to allow it, and leave 'http://' out");
        return IsPart(name.Namespace, mayHaveDot: false) && IsPart(name.Model, mayHaveDot: true) ? name
            : throw Invalid(named, "namespace and model are 1 to 80 letters, digits, '_' or '-' (a model also '.'), beginning with a letter, digit or '_'");
    }

    private static bool IsPart(string part, bool mayHaveDot)
    {
        if (part.Length is 0 or > 80 || part[0] is '-' or '.')
            return false;
        foreach (var c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-') && !(mayHaveDot && c == '.'))
                return false;
        }
        return true;
    }

    private static InvalidReferenceException Invalid(string text, string rule) => new($"{Registry}:{text}", rule);
}
