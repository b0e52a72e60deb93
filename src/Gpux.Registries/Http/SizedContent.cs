namespace Gpux.Registries.Http;

/// <summary>Refuses a body without end: one of a file whose size nobody has stated.</summary>
internal static class SizedContent
{
    /// <exception cref="UnexpectedReplyException">Neither the manifest nor the reply says how large the file is.</exception>
    public static async Task<FileContent> WithSizeAsync(this Task<FileContent> opening, ModelFile file, string registry, Uri address)
    {
        var content = await opening;
        if (content.TotalBytes is not null || file.SizeBytes is not null)
            return content;
        await content.DisposeAsync();
        throw new UnexpectedReplyException(registry, address.GetLeftPart(UriPartial.Path), "it does not say how large the file is.");
    }
}
