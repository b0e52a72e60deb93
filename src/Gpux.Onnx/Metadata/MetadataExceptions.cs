namespace Gpux.Onnx.Metadata;

/// <summary>A file's metadata cannot be changed, because the file cannot be written.</summary>
public sealed class MetadataNotWritableException(string path, Exception inner) : GpuxException(
    ErrorCode.MetadataNotWritable,
    $"The metadata of '{path}' cannot be changed: {inner.Message}",
    "Change the file's permissions, free some space, or end the program that has it open.", inner);

/// <summary>Metadata that an ONNX file cannot hold.</summary>
public sealed class InvalidMetadataException(string path, string problem) : GpuxException(
    ErrorCode.InvalidMetadata, $"The metadata of '{path}' cannot be changed: {problem}.", "Give each property a name and a short value of valid text, or write the file again with the program that made it.");

/// <summary>A file lies in a cache under the digest of its content, which a change would belie.</summary>
public sealed class StoredFileException(string path) : GpuxException(
    ErrorCode.MetadataOfStoredFile,
    $"'{path}' is kept in a cache under its digest, and other programs rely on it being as published.",
    "Copy the file to a folder of yours (cp -L), and change the copy.");
