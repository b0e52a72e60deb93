namespace Gpux.Conversion.Checkpoints.Pickle;

/// <summary>A pickle asks for something to be carried out that no reader of weights needs. Nothing was.</summary>
/// <param name="offset">Of the instruction, in bytes from the start of the file, or of the compressed entry that holds it.</param>
public sealed class PickleRefusedException(string file, string wish, long offset) : GpuxException(ErrorCode.PickleRefused,
    $"The weights in '{file}' are refused: at byte {offset} the pickle {wish}.",
    "Do not open this file with other programs before you know why it asks for that. Look for a copy of the model with model.safetensors, "
        + "or have its publisher save the state dict alone: torch.save(model.state_dict(), ...).")
{
    public string File { get; } = file;
    public long Offset { get; } = offset;
}
