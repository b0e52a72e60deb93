using Gpux.Registries.Oci;

namespace Gpux.Registries.Tests.Oci;

public sealed class AuthenticationChallengeTests
{
    [Theory]
    [InlineData("Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:x:pull,push\"", "https://a/token", "s", "repository:x:pull,push")]
    [InlineData("bearer  realm=https://a/t , service = s", "https://a/t", null, null)]
    [InlineData("Basic realm=\"one, two\", Bearer realm=\"https://a/token\"", "https://a/token", null, null)]
    [InlineData("Negotiate, Bearer realm=\"r\\\"q\"", "r\"q", null, null)]
    [InlineData("Bearer", null, null, null)]
    [InlineData("Bearer realm=\"unclosed", "unclosed", null, null)]
    public void Bearer_is_preferred(string header, string? realm, string? service, string? scope) =>
        Assert.Equal(new AuthenticationChallenge(true, realm, service, scope), AuthenticationChallenge.Parse(header));

    [Theory]
    [InlineData("Basic realm=\"x\"")]
    [InlineData("Digest realm=\"y\", Basic realm=\"x\"")]
    public void Basic_is_known(string header) => Assert.Equal(new AuthenticationChallenge(false, "x", null, null), AuthenticationChallenge.Parse(header));

    [Theory]
    [InlineData("")]
    [InlineData("Negotiate")]
    [InlineData("=,=,\"")]
    public void Others_are_not(string header) => Assert.Null(AuthenticationChallenge.Parse(header));

    [Fact]
    public void Endless_header_is_not_read() => Assert.Null(AuthenticationChallenge.Parse($"Bearer realm=\"{new string('x', 10_000)}\""));
}
