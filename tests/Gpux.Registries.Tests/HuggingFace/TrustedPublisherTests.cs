using Gpux.StandIns;

namespace Gpux.Registries.Tests.HuggingFace;

public sealed class TrustedPublisherTests : IAsyncLifetime
{
    private TestMachine _machine = null!; // Set by InitializeAsync

    public async Task InitializeAsync()
    {
        _machine = await TestMachine.StartAsync();
        _machine.Hub.Add("org/m").With("config.json", [1]).Access = HubAccess.Gated;
        _machine.Variables["HF_OIDC_RESOURCE"] = "org/m";
    }

    public async Task DisposeAsync() => await _machine.DisposeAsync();

    [Fact]
    public async Task Identity_of_the_environment_is_exchanged_once_and_goes_before_other_tokens()
    {
        _machine.Variables["HF_OIDC_ID_TOKEN"] = HubStandIn.TrustedIdentity;
        _machine.Variables["HF_TOKEN"] = "hf_other";
        var store = _machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync("org/m"));
        Assert.Equal([1], files.Bytes()["config.json"]);
        Assert.Single(_machine.Hub.Servers[0].Requests, request => request.Target == "/oauth/token");
        Assert.DoesNotContain(_machine.Hub.Servers[0].Requests, request => request.Header("Authorization") == "Bearer hf_other");
    }

    [Fact]
    public async Task Job_of_GitHub_Actions_asks_for_its_identity()
    {
        _machine.Variables["ACTIONS_ID_TOKEN_REQUEST_URL"] = $"{_machine.Hub.Endpoint}/ci/id-token?api-version=2.0";
        _machine.Variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = HubStandIn.CiToken;
        var store = _machine.Store();
        Assert.NotEmpty((await store.FetchAsync(await store.ResolveAsync("org/m"))).Names);
    }

    [Fact]
    public async Task Identity_that_the_Hub_does_not_trust_is_refused_and_not_shown()
    {
        _machine.Variables["HF_OIDC_ID_TOKEN"] = "eyJ.identity.of-a-stranger";
        _machine.Variables["HF_TOKEN"] = HubStandIn.GrantedToken;
        var refused = await Assert.ThrowsAsync<AccessDeniedException>(() => _machine.Store().ResolveAsync("org/m"));
        Assert.Contains("trusted-publishers", refused.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("stranger", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_identity_it_says_how_to_get_one() =>
        Assert.Contains("id-token: write", (await Assert.ThrowsAsync<AccessDeniedException>(() => _machine.Store().ResolveAsync("org/m"))).Remedy, StringComparison.Ordinal);

    [Fact]
    public async Task Token_request_goes_to_https_alone()
    {
        _machine.Variables["ACTIONS_ID_TOKEN_REQUEST_URL"] = "http://ci.example/token";
        _machine.Variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = HubStandIn.CiToken;
        var refused = await Assert.ThrowsAsync<AccessDeniedException>(() => _machine.Store().ResolveAsync("org/m"));
        Assert.Contains("https", refused.Message, StringComparison.Ordinal);
    }
}
