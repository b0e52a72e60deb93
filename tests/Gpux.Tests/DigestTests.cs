using System.Text;

namespace Gpux.Tests;

public sealed class DigestTests
{
    // Of the five bytes "hello": sha256sum, git hash-object, sha1sum, md5sum.
    [Theory]
    [InlineData(DigestAlgorithm.Sha256, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    [InlineData(DigestAlgorithm.GitBlobSha1, "git:b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0")]
    [InlineData(DigestAlgorithm.Sha1, "sha1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d")]
    [InlineData(DigestAlgorithm.Md5, "md5:5d41402abc4b2a76b9719d911017c592")]
    [InlineData(DigestAlgorithm.Crc32c, "crc32c:9a71bb4c")]
    public async Task Digest_is_that_of_the_standard_tools(DigestAlgorithm algorithm, string expected)
    {
        using var content = new MemoryStream(Encoding.ASCII.GetBytes("hello"));
        var digest = await Digest.ComputeAsync(algorithm, content, 5, CancellationToken.None);
        Assert.Equal(expected, digest.ToString());
        Assert.Equal(digest, Digest.Parse(expected));
    }

    [Fact]
    public void Crc32c_is_the_same_in_pieces_of_any_length()
    {
        // The check value of the CRC catalogue.
        foreach (var first in Enumerable.Range(0, 10))
        {
            using var hash = Digest.Begin(DigestAlgorithm.Crc32c, 9);
            hash.AppendData("123456789"u8[..first]);
            hash.AppendData("123456789"u8[first..]);
            Assert.Equal("crc32c:e3069283", hash.Finish().ToString());
            // What follows begins anew.
            hash.AppendData("123456789"u8);
            Assert.Equal("crc32c:e3069283", hash.Finish().ToString());
        }
    }

    [Fact]
    public async Task Gits_digest_of_nothing_is_known()
    {
        var digest = await Digest.ComputeAsync(DigestAlgorithm.GitBlobSha1, Stream.Null, 0, CancellationToken.None);
        Assert.Equal("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", digest.Hex);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256")]
    [InlineData("sha256:")]
    [InlineData("sha256:2cf24dba")]
    [InlineData("sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824")]
    [InlineData("sha256:zcf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    [InlineData("md5:b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0")]
    [InlineData("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")]
    public void Another_form_is_refused(string text) => Assert.Throws<FormatException>(() => Digest.Parse(text));
}
