using Gpux.Registries.Credentials;

namespace Gpux.Registries.Tests.Credentials;

public sealed class CredentialTests
{
    [Fact]
    public async Task Tokens_are_kept_by_registry_for_their_owner_alone()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var file = new CredentialFile(machine.Environment());
        Assert.Null(file.Find("wandb"));
        Assert.False(await file.RemoveAsync("wandb", CancellationToken.None));
        await file.SaveAsync("wandb", "one", CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => new CredentialFile(machine.Environment()).SaveAsync($"r{i}", $"t{i}", CancellationToken.None)));
        Assert.Equal("one", file.Find("wandb"));
        Assert.Equal(9, file.Registries.Count);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
        Assert.True(await file.RemoveAsync("wandb", CancellationToken.None));
        Assert.Null(file.Find("wandb"));
        Assert.DoesNotContain(Directory.EnumerateFiles(machine.Home), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("not json secret")]
    [InlineData("""{"format":2,"tokens":{}}""")]
    [InlineData("""{"format":1,"tokens":{"a":["secret"]}}""")]
    [InlineData("""{"format":1,"tokens":{"a":""}}""")]
    public async Task Damaged_file_is_told_without_what_is_in_it(string content)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var file = new CredentialFile(machine.Environment());
        Directory.CreateDirectory(machine.Home);
        await File.WriteAllTextAsync(file.Path, content);
        var refused = Assert.Throws<CredentialsException>(() => file.Find("a"));
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<CredentialsException>(() => file.SaveAsync("b", "t", CancellationToken.None));
        Assert.Equal(content, await File.ReadAllTextAsync(file.Path));
    }

    [Fact]
    public async Task Tokens_that_the_Hubs_own_tools_stored_stay()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var hub = new HubCredentials(machine.Environment());
        var stored = Path.Combine(Path.GetDirectoryName(hub.TokenFile)!, "stored_tokens"); // a file of a folder
        Directory.CreateDirectory(Path.GetDirectoryName(stored)!); // likewise
        const string Others = "[work]\nhf_token = hf_work\nexpires_at = 1\n\n";
        await File.WriteAllTextAsync(stored, Others);
        hub.Save("hf_home", "laptop");
        hub.Save("hf_newer", "laptop");
        Assert.Equal(Others + "[laptop]\nhf_token = hf_newer\n\n", await File.ReadAllTextAsync(stored));
        Assert.Equal(hub.TokenFile, hub.Origin);
        machine.Variables["HF_TOKEN"] = "hf_variable";
        Assert.Equal("HF_TOKEN", hub.Origin);
        Assert.True(hub.Remove());
        Assert.Equal(Others, await File.ReadAllTextAsync(stored));
        Assert.False(hub.Remove());
    }

    [Fact]
    public async Task The_Hub_says_whose_a_token_is_or_refuses_it()
    {
        await using var machine = await TestMachine.StartAsync();
        var hub = new HubCredentials(machine.Environment());
        Assert.Null(await hub.WhoAmIAsync(CancellationToken.None));
        Assert.Equal(new HubAccount("ada", "laptop", "read"), await hub.WhoAmIAsync("hf_any", CancellationToken.None));
        await Assert.ThrowsAsync<AccessDeniedException>(() => hub.WhoAmIAsync(Gpux.StandIns.HubStandIn.UnknownToken, CancellationToken.None));
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        await Assert.ThrowsAsync<OfflineException>(() => hub.WhoAmIAsync("hf_any", CancellationToken.None));
    }
}
