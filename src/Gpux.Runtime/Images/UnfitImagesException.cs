namespace Gpux.Runtime.Images;

/// <summary>Images that a model's processor cannot bring into one batch.</summary>
public sealed class UnfitImagesException(string problem, string remedy) : GpuxException(ErrorCode.UnfitImages, problem, remedy);
