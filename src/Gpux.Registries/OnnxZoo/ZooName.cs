namespace Gpux.Registries.OnnxZoo;

/// <summary>A model of a zoo: "MNIST-12" of the ONNX project's own, "owner/repo/name" or "owner/repo:ref/name" of another.</summary>
/// <param name="Zoo">owner/repo of a GitHub repository with a manifest at its root.</param>
/// <param name="Ref">A branch, tag or commit of it.</param>
/// <param name="Model">As the manifest has it, compared ignoring case.</param>
internal sealed record ZooName(string Zoo, string Ref, string Model)
{
    public const string DefaultZoo = "onnx/models";
    private const string DefaultRef = "main";

    /// <summary>The ONNX project's own zoo, whose models also lie on the Hugging Face Hub.</summary>
    public bool IsDefaultZoo => this is { Zoo: DefaultZoo, Ref: DefaultRef };

    public static ZooName Default(string model) => new(DefaultZoo, DefaultRef, model);

    /// <exception cref="InvalidReferenceException">The repository is none of GitHub's.</exception>
    public static ZooName Read(string name)
    {
        if (name.Split('/', 3) is not [var owner, var repository, var model])
            return Default(name);
        var colon = repository.IndexOf(':');
        var (repo, reference) = colon < 0 ? (repository, DefaultRef) : (repository[..colon], repository[(colon + 1)..]);
        if (model.Length == 0 || !IsSegment(owner) || !IsSegment(repo) || !IsSegment(reference))
            throw new InvalidReferenceException($"onnx-zoo:{name}",
                "a zoo is a GitHub repository, as owner/repo or owner/repo:ref, and a model of it follows after '/'");
        return new ZooName($"{owner}/{repo}", reference, model);
    }

    /// <summary>The form that <see cref="Read"/> reads back.</summary>
    public override string ToString() =>
        IsDefaultZoo ? Model : $"{Zoo}{(Ref == DefaultRef ? "" : ":" + Ref)}/{Model}";

    // What is written into addresses.
    private static bool IsSegment(string text) => text is not ("" or "." or "..")
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
