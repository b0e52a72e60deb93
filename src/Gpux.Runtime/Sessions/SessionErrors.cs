using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Sessions;

/// <summary>Turns what ONNX Runtime says into errors that say what to do. Its codes are few, so the texts of 1.30 decide; a text
/// that is not known here still arrives, as a plain <see cref="SessionException"/>.</summary>
internal static class SessionErrors
{
    // For a model in memory, the first of these is missing from the same messages.
    private static string[] InvalidModelTexts =>
        ["Load model from", "nvalid model", "Type Error", "ShapeInferenceError", "TypeInferenceError", "Duplicate definition", "in node (", "Node ("];

    private const string AssertionEnd = " was false. ";
    private const string FetchAgain = "Fetch the model again, or check how it was made.";

    /// <summary>A failure that no model or input explains.</summary>
    public static SessionException Unexpected(OrtError error) => new(ErrorCode.SessionFailed,
        $"ONNX Runtime reports: {Readable(error.Message)} ({error.Code})",
        $"Set {OrtEnvironment.LogVariable}=verbose to see what it was doing, and report this with the model.");

    /// <param name="model">The path of the model, or words for a model in memory.</param>
    /// <param name="bytes">The model, if it is in memory.</param>
    public static SessionException Open(OrtError error, string model, ReadOnlySpan<byte> bytes, SessionOptions options)
    {
        var message = error.Message;
        if (Contains(message, "xternal data") || Contains(message, "xternal initializer"))
            return ExternalData(message, model, bytes);
        if (IsMemory(message))
            return Memory(message, model);
        if (error.Code == OrtErrorCode.InvalidProtobuf || Contains(message, "does not have a graph")
            || Contains(message, "data pointer is null"))
            return InvalidFile(model, bytes);
        if (Contains(message, "is under development") || Contains(message, "Unsupported model IR version"))
            return TooNew(message, model);
        if (MissingOperator(message, model, options) is { } missing)
            return missing;
        if (error.Code == OrtErrorCode.InvalidGraph || InvalidModelTexts.Any(text => Contains(message, text)))
            return new InvalidModelException(model, $"The model '{model}' is not valid: {Readable(message)}", FetchAgain);
        return new SessionException(ErrorCode.SessionFailed, $"The model '{model}' cannot be opened: {Readable(message)} ({error.Code})",
            $"Set {OrtEnvironment.LogVariable}=verbose to see what ONNX Runtime was doing.");
    }

    public static SessionException Run(OrtError error, string model)
    {
        var message = error.Message;
        if (IsMemory(message))
            return Memory(message, model);
        // Non-zero status code returned while running Gather node. Name:'name' Status Message: what happened
        if (Between(message, "while running ", " node.") is { } @operator && Between(message, "Name:'", "' Status Message: ") is { } node)
            return new RunFailedException(node,
                $"The node '{node}' ({@operator}) of '{model}' failed: {Readable(After(message, "' Status Message: "))}",
                "Check that values and shapes of the inputs are what the model expects.");
        return new RunFailedException(null, $"The model '{model}' failed: {Readable(message)} ({error.Code})",
            "Check that values and shapes of the inputs and of the tensors for outputs are what the model expects.");
    }

    /// <summary>Whether a run ended because it was told to.</summary>
    public static bool IsTermination(OrtError error) => Contains(error.Message, "terminate flag");

    /// <summary>A message of ONNX Runtime without the places in its source code.</summary>
    public static string Readable(string message)
    {
        if (message.StartsWith("Load model from ", StringComparison.Ordinal))
            message = After(message, " failed:");
        // /path/file.cc:123 type Class::Function(arguments) message
        while (message.IndexOf("/onnxruntime_src/", StringComparison.Ordinal) is >= 0 and var start
            && message.IndexOf('(', start) is >= 0 and var open)
        {
            var rest = message[(MatchingParenthesis(message, open) + 1)..];
            // ... ::<lambda()> the condition of an assertion was false. message
            message = message[..start] + (Contains(rest, AssertionEnd) ? After(rest, AssertionEnd) : rest).TrimStart();
        }
        // file.cc:123 Function message
        while (message.IndexOf(".cc:", StringComparison.Ordinal) is >= 0 and var place
            && message.IndexOf(' ', place) is >= 0 and var line && message.IndexOf(' ', line + 1) is >= 0 and var function)
            message = message[..(message.LastIndexOf(' ', place) + 1)] + message[(function + 1)..];
        return message.Replace("[ONNXRuntimeError] : 1 : FAIL : ", "", StringComparison.Ordinal).ReplaceLineEndings(" ").Trim();
    }

    private static ExternalDataException ExternalData(string message, string model, ReadOnlySpan<byte> bytes)
    {
        var tensor = Between(message, "for initializer: ", ". Error") ?? Between(message, "External initializer: ", " offset:")
            ?? Between(message, "TensorProto: ", " external data") ?? "?";
        var file = InitializerLocation.Find(model, bytes, tensor) ?? "?";
        var weights = $"The weights of '{model}' for tensor '{tensor}' should be in the file '{file}'";
        if (Contains(message, "does not exist"))
            return new ExternalDataException(model, file, $"{weights}, which is missing: {Between(message, "does not exist: \"", "\"")}.",
                "Fetch the model with all of its files, or name their folder with ExternalWeightsFolder.");
        if (Contains(message, "escapes"))
            return new ExternalDataException(model, file,
                $"{weights}, which lies outside of the folder '{Between(message, "allowed directory: \"", "\"")}', "
                + $"at '{Between(message, "resolved path: \"", "\"")}'. ONNX Runtime reads weights from one folder only.",
                "Name a folder that holds them with ExternalWeightsFolder, or put a copy or hard link of the file beside the model.");
        if (Contains(message, "bsolute path"))
            return new ExternalDataException(model, file, $"{weights}: an absolute path, which ONNX Runtime refuses.",
                "Write the model with a path relative to its folder.");
        return new ExternalDataException(model, file, $"{weights}, which does not fit: {Readable(message)}",
            "The file is cut off or of another revision than the model: fetch both again.");
    }

    private static InvalidModelException InvalidFile(string model, ReadOnlySpan<byte> bytes)
    {
        var start = bytes.IsEmpty ? ReadStart(model) : bytes;
        return start.StartsWith("version https://git-lfs"u8)
            ? new InvalidModelException(model, $"The file '{model}' is a pointer of Git LFS, not the model itself.",
                "Fetch the file that it stands for, with git lfs pull or gpux pull.")
            : new InvalidModelException(model, $"The file '{model}' is no ONNX model, or cut off.", FetchAgain);
    }

    private static byte[] ReadStart(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var start = new byte[64];
            return start[..RandomAccess.Read(file, start, 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static ModelTooNewException TooNew(string message, string model)
    {
        const string Remedy = "Set GPUX_ONNXRUNTIME to a newer build of ONNX Runtime, or export the model for an older version of ONNX.";
        return Between(message, "IR version: ", ",") is { } ir
            ? new ModelTooNewException(model,
                $"The model '{model}' is an ONNX file of IR version {ir}; this ONNX Runtime reads up to {After(message, "max supported IR version: ").Trim()}.", Remedy)
            : new ModelTooNewException(model,
                $"The model '{model}' uses opset {Between(message, "Opset ", " is under")} of domain {Between(message, "for domain ", " is till")}; "
                + $"this ONNX Runtime knows up to {Between(message, "till opset ", ".")}.", Remedy);
    }

    private static UnsupportedOperatorException? MissingOperator(string message, string model, SessionOptions options)
    {
        if (Between(message, "Could not find an implementation for ", " node with name '") is { } unimplemented)
        {
            var providers = string.Join(", ", [.. options.ExecutionProviders.Select(provider => provider.Name), "CPU"]);
            return new UnsupportedOperatorException(unimplemented,
                $"The operator {unimplemented} of '{model}' has no implementation for the element types of node "
                + $"'{Between(message, "node with name '", "'")}' in the execution providers of the session: {providers}.",
                "Use a variant of the model with other element types (float32 is implemented most widely), or another execution provider.");
        }
        var unknown = Between(message, "No Op registered for ", " with domain_version of ") is { } name
            ? $"{name} of opset {After(message, "domain_version of ")}"
            : Between(message, "Fatal error: ", "(-1) is not a registered function/op");
        return unknown is null ? null : new UnsupportedOperatorException(unknown,
            $"The operator {unknown} of '{model}' is not known to this ONNX Runtime.",
            "Use a variant of the model without it, or set GPUX_ONNXRUNTIME to a build of ONNX Runtime that has it.");
    }

    private static bool IsMemory(string message) => Contains(message, "Failed to allocate memory") || Contains(message, "bad_alloc")
        || Contains(message, "ut of memory") || Contains(message, "OUT_OF_MEMORY");

    private static SessionMemoryException Memory(string message, string model) => new(
        $"There is not enough memory for '{model}': {Readable(message)}",
        "Use a smaller or quantised variant, shorter or fewer inputs at once, or free memory.");

    private static int MatchingParenthesis(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (depth == 0)
                return i;
        }
        return text.Length - 1;
    }

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.Ordinal);

    private static string After(string text, string start) =>
        text.IndexOf(start, StringComparison.Ordinal) is >= 0 and var index ? text[(index + start.Length)..] : text;

    private static string? Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        if (from < 0)
            return null;
        from += start.Length;
        var to = text.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0 ? null : text[from..to];
    }
}
