using Gpux.Registries.S3;

namespace Gpux.Registries.Tests.S3;

/// <summary>The examples of AWS's own documentation, "Authenticating Requests: Using the Authorization Header".</summary>
public sealed class S3SignatureTests
{
    private static readonly S3Keys Keys = new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);
    private static readonly DateTimeOffset Time = new(2013, 5, 24, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("https://examplebucket.s3.amazonaws.com/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")]
    [InlineData("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")]
    [InlineData("https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")]
    public void Published_examples_of_requests_for_lists(string address, string signature)
    {
        var (credential, headers) = S3Signature.Sign(Keys, "us-east-1", HttpMethod.Get, new Uri(address), Time);
        Assert.Equal("AWS4-HMAC-SHA256", credential.Scheme);
        Assert.Equal("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + $"SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature={signature}", credential.Parameter);
        Assert.Contains(headers, header => header is { Key: "x-amz-date", Value: "20130524T000000Z" });
    }

    [Fact]
    public void Published_example_of_a_request_for_a_part_of_an_object()
    {
        var (credential, _) = S3Signature.Sign(Keys, "us-east-1", HttpMethod.Get, new Uri("https://examplebucket.s3.amazonaws.com/test.txt"), Time,
            new KeyValuePair<string, string>("range", "bytes=0-9"));
        Assert.EndsWith("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", credential.Parameter, StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_is_no_part_of_the_keys_text() => Assert.Equal("AKIAIOSFODNN7EXAMPLE", Keys.ToString());
}
