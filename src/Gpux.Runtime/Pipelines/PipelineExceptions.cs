namespace Gpux.Runtime.Pipelines;

/// <summary>The input is not of a form that the task takes.</summary>
public sealed class PipelineInputException(string problem, string remedy) : GpuxException(ErrorCode.PipelineInput, problem, remedy);

/// <summary>An argument that the task does not have, or a value that makes no sense for it.</summary>
public sealed class PipelineArgumentException(string argument, string problem, string remedy) : GpuxException(ErrorCode.PipelineArgument, problem, remedy)
{
    public string Argument { get; } = argument;
}

/// <summary>There is no pipeline for what the model does.</summary>
public sealed class UnsupportedTaskException(string task, IEnumerable<string> known) : GpuxException(ErrorCode.UnsupportedTask,
    $"There is no pipeline for the task '{task}'.", $"Name one of these with --task if the model fits it: {string.Join(", ", known)}.")
{
    public string Task { get; } = task;
}

/// <summary>The model computed what is not a number.</summary>
public sealed class NonFiniteOutputException(string model, string output) : GpuxException(ErrorCode.NonFiniteOutput,
    $"The output '{output}' of {model} holds NaN or infinity.",
    "The weights may be damaged, or overflow in half precision: check the model with gpux verify, or take one that is published in float32.")
{
    public string Output { get; } = output;
}

/// <summary>A text has more tokens than the model takes, and must not be cut.</summary>
public sealed class InputTooLongException(int limit) : GpuxException(ErrorCode.InputTooLong,
    $"The input has more than the {limit} tokens that the model takes.", "Shorten it, or let it be cut by leaving out --strict.")
{
    public int Limit { get; } = limit;
}

/// <summary>A chat was given where a text is continued.</summary>
public sealed class ChatInputException() : GpuxException(ErrorCode.PipelineInput,
    "The input is a chat, a list of messages with role and content, which no task takes.",
    "Give the prompt as one text, with the marks of the model's own chat format in it if it needs them.");

/// <summary>A cross-encoder names a function for its scores that GPUX does not have.</summary>
public sealed class UnsupportedActivationException(string model, string activation) : GpuxException(ErrorCode.UnsupportedTask,
    $"{model} puts its scores through '{activation}', which GPUX does not have.",
    "Run it as text-classification with function_to_apply=none, and apply the function to what comes out.")
{
    public string Activation { get; } = activation;
}
