namespace Gpux.Registries.S3;

/// <summary>Names of the form bucket/key, the key being a folder's or one file's.</summary>
internal static class ObjectAddress
{
    /// <exception cref="InvalidReferenceException">There is no bucket, or no legal key.</exception>
    public static ModelReference Read(string registry, string rest)
    {
        var (name, revision) = PinnedName.Split(rest);
        var (bucket, key) = Split(name);
        if (bucket.Length is < 3 or > 222 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') || bucket[0] is '.' or '-')
            throw new InvalidReferenceException($"{registry}://{rest}", "after the scheme come a bucket's name and the path of a folder or file in it");
        if (key.TrimEnd('/') is { Length: > 0 } path && RepositoryPath.Problem(path) is { } rule)
            throw new InvalidReferenceException($"{registry}://{rest}", rule);
        return new ModelReference(registry, key.Length == 0 ? bucket : $"{bucket}/{key.TrimEnd('/')}", revision);
    }

    public static (string Bucket, string Key) Split(string name) =>
        name.IndexOf('/') is >= 0 and var slash ? (name[..slash], name[(slash + 1)..]) : (name, "");

    /// <summary>The files of a folder; or one file, with those beside it that hold an ONNX file's weights by the exporters'
    /// naming.</summary>
    /// <returns>What comes before the names in the keys, and the files.</returns>
    public static async Task<(string Prefix, List<ModelFile> Files)> ListAsync(
        S3Client client, ModelReference model, string bucket, string key, CancellationToken cancellationToken)
    {
        var folder = key.Length == 0 ? "" : $"{key.TrimEnd('/')}/";
        var files = new List<ModelFile>();
        foreach (var each in await client.ListAsync(model, bucket, folder, cancellationToken))
            Add(each, folder);
        if (files.Count == 0 && key.Length > 0)
        {
            folder = key[..(key.LastIndexOf('/') + 1)];
            foreach (var each in await client.ListAsync(model, bucket, key, cancellationToken))
            {
                if (each.Key.Length < key.Length)
                    continue;
                var rest = each.Key.AsSpan(key.Length);
                if (rest.IsEmpty || rest.StartsWith(".data") || rest.StartsWith("_data"))
                    Add(each, folder);
            }
        }
        return files.Count > 0 ? (folder, files) : throw new ModelNotFoundException(model.ToString(),
            $"The bucket '{bucket}' holds nothing at '{key}'.", "Check the path; capital letters matter.");

        void Add(S3Object each, string prefix)
        {
            // A listing of something else than was asked for.
            if (!each.Key.StartsWith(prefix, StringComparison.Ordinal))
                throw new UnexpectedReplyException(client.Settings.Title, bucket, $"it lists '{Printable.Text(each.Key)}', which is not below '{key}'.");
            files.Add(new ModelFile(each.Key[prefix.Length..], each.SizeBytes, null) { ObjectId = each.EntityTag });
        }
    }
}
