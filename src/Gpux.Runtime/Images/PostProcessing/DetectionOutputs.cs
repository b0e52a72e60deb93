namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>One image's part of what a detector computed.</summary>
/// <param name="logits">[queries, classes], row by row.</param>
/// <param name="boxes">[queries, 4]: centre and extent in shares of the image.</param>
internal readonly ref struct DetectionOutputs(ReadOnlySpan<float> logits, ReadOnlySpan<float> boxes)
{
    public ReadOnlySpan<float> Logits { get; } = logits;
    public ReadOnlySpan<float> Boxes { get; } = boxes;
    public int Queries => Boxes.Length / 4;
    public int Classes => Queries == 0 ? 0 : Logits.Length / Queries;

    /// <param name="logits">[batch, queries, classes].</param>
    /// <param name="boxes">[batch, queries, 4].</param>
    /// <exception cref="UnfitOutputsException">Of other shapes.</exception>
    public static DetectionOutputs Of(Tensor logits, Tensor boxes, int image)
    {
        if (logits.Shape.Rank != 3 || boxes.Shape.Rank != 3 || boxes.Shape[2] != 4 || logits.Shape[0] != boxes.Shape[0]
            || logits.Shape[1] != boxes.Shape[1] || logits.Shape[2] == 0)
            throw new UnfitOutputsException($"logits {logits.Shape} and boxes {boxes.Shape}", "[batch, queries, classes] and [batch, queries, 4]");
        return new DetectionOutputs(OutputRows.Of(logits, image), OutputRows.Of(boxes, image));
    }

    public ReadOnlySpan<float> LogitsOf(int query) => Logits.Slice(query * Classes, Classes);
}
