namespace Gpux.Conversion;

/// <summary>The model is sound, but nothing here knows how to build it.</summary>
public sealed class UnsupportedModelException(string problem, string remedy) : GpuxException(ErrorCode.UnsupportedModel, problem, remedy);
