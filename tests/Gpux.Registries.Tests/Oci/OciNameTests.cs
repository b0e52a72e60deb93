using Gpux.Registries.Oci;

namespace Gpux.Registries.Tests.Oci;

public sealed class OciNameTests
{
    private const string Digest = "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447";

    [Theory]
    [InlineData("smollm2", "docker.io/library/smollm2", null)]
    [InlineData("ai/smollm2", "docker.io/ai/smollm2", null)]
    [InlineData("ai/smollm2:360M-Q4_K_M", "docker.io/ai/smollm2", "360M-Q4_K_M")]
    [InlineData("docker.io/ai/smollm2", "docker.io/ai/smollm2", null)]
    [InlineData("index.docker.io/x", "docker.io/library/x", null)]
    [InlineData("ghcr.io/org/sub/model:v1", "ghcr.io/org/sub/model", "v1")]
    [InlineData("ghcr.io/org/model@v1", "ghcr.io/org/model", "v1")]
    [InlineData("localhost/m", "localhost/m", null)]
    [InlineData("localhost:5000/m:latest", "localhost:5000/m", "latest")]
    [InlineData("127.0.0.1:5000/m", "127.0.0.1:5000/m", null)]
    [InlineData("host.io/m@sha256:" + Digest, "host.io/m", Digest)]
    [InlineData("host.io/m:v1@sha256:" + Digest, "host.io/m", Digest)]
    [InlineData("host.io/m@" + Digest, "host.io/m", Digest)]
    [InlineData("host.io/a__b/c-d.e--f", "host.io/a__b/c-d.e--f", null)]
    public void Reference_is_read_and_read_back(string text, string name, string? revision)
    {
        var model = OciName.ReadReference(text);
        Assert.Equal(new ModelReference("oci", name, revision), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
        Assert.Equal(model, TestMachine.Parse($"oci://{text}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Upper/Case")]
    [InlineData("host.io/")]
    [InlineData("host.io/a//b")]
    [InlineData("host.io/../b")]
    [InlineData("host.io/-a")]
    [InlineData("host.io/m:")]
    [InlineData("host.io/m:.tag")]
    [InlineData("host.io/m@sha256:abc")]
    [InlineData("host.io/m@sha512:abc")]
    [InlineData("user@host.io/m")]
    [InlineData("host.io:x/m")]
    [InlineData("host.io/m@")]
    [InlineData("host.io/m?x=1")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidReferenceException>(() => OciName.ReadReference(text));
}
