namespace Gpux.Onnx.Checking;

/// <summary>Collects problems until there are too many.</summary>
internal sealed class Problems
{
    // Names can be as long as the file.
    private const int MaxLength = 1000;
    private readonly List<OnnxProblem> _list = [];

    public IReadOnlyList<OnnxProblem> All => _list;

    /// <exception cref="TooManyException">The last one that counts was added.</exception>
    public void Add(Place where, string what)
    {
        _list.Add(new OnnxProblem(Readable(where.ToString()), Readable(what)));
        if (_list.Count == OnnxChecker.MaxProblems)
            throw new TooManyException();
    }

    private static string Readable(string text) => ReadableText.Escape(ReadableText.Clip(text, MaxLength));

    /// <summary>Ends the check, from however deep in the graph. A hostile model has a problem for every few bytes.</summary>
    public sealed class TooManyException : Exception;
}
