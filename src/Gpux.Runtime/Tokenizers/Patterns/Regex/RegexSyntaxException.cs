namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>A regular expression is not valid, or uses a construct that this engine lacks; the reader adds the file's name.</summary>
internal sealed class RegexSyntaxException(string message) : Exception(message);
