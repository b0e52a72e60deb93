namespace Gpux.Cli.Terminals;

/// <summary>Standard output or error. A reader that has gone is no failure; a full disk is one of the results, and of nobody's who watches.</summary>
/// <param name="failure">Makes what is thrown, once, of what cannot be written; null for a stream whose failures nobody could be told of.</param>
internal sealed class StandardStream(Stream stream, Func<IOException, GpuxException>? failure) : Stream
{
    private bool _failed;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_failed)
            return;
        try
        {
            stream.Write(buffer);
        }
        catch (IOException exception)
        {
            _failed = true;
            if (failure is not null)
                throw failure(exception);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => stream.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>Results cannot be written to standard output, such as into a file on a full disk.</summary>
internal sealed class StandardOutputException(IOException inner) : GpuxException(
    ErrorCode.Output, $"The result cannot be written to standard output: {inner.Message}",
    "Free space there, or send it elsewhere, and run the command again. What was written is not whole.", inner);
