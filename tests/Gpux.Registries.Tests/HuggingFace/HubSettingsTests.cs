using Gpux.Registries.HuggingFace;

namespace Gpux.Registries.Tests.HuggingFace;

public sealed class HubSettingsTests
{
    private static HubSettings Read(params (string Name, string Value)[] variables)
    {
        using var environment = Environment(variables);
        return HubSettings.Read(environment);
    }

    private static RegistryEnvironment Environment(params (string Name, string Value)[] variables)
    {
        var all = new Dictionary<string, string> { ["HOME"] = "/home/ada" };
        foreach (var (name, value) in variables)
            all[name] = value;
        return new RegistryEnvironment(all.GetValueOrDefault);
    }

    [Fact]
    public void Defaults_are_the_Hubs() =>
        Assert.Equal(new HubSettings("https://huggingface.co", null, "/home/ada/.cache/huggingface/hub", MaySymlink: true),
            Read());

    [Fact]
    public void Cache_is_chosen_by_the_most_specific_variable()
    {
        (string, string)[] all =
            [("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h"), ("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HUB_CACHE", "/new")];
        Assert.Equal("/x/huggingface/hub", Read(all[..1]).CacheFolder);
        Assert.Equal("/h/hub", Read(all[..2]).CacheFolder);
        Assert.Equal("/old", Read(all[..3]).CacheFolder);
        Assert.Equal("/new", Read(all).CacheFolder);
    }

    [Theory]
    [InlineData("~/c", "/home/ada/c")]
    [InlineData("~", "/home/ada")]
    [InlineData("$DATA/c", "/data/c")]
    [InlineData("/a${DATA}x", "/a/datax")]
    [InlineData("/a/$NOPE/b", "/a/$NOPE/b")]
    [InlineData("/a$", "/a$")]
    [InlineData("/a${DATA", "/a${DATA")]
    [InlineData("/$SELF", "/$SELF")]
    public void Folders_expand_home_and_variables(string value, string expected) =>
        Assert.Equal(expected, Read(("DATA", "/data"), ("SELF", "$SELF"), ("HF_HUB_CACHE", value)).CacheFolder);

    [Fact]
    public void Endpoint_loses_its_last_slash()
    {
        Assert.Equal("https://mirror/hub", Read(("HF_ENDPOINT", "https://mirror/hub/")).Endpoint);
        Assert.Equal("https://hub-ci.huggingface.co", Read(("HUGGINGFACE_CO_STAGING", "1")).Endpoint);
    }

    [Fact]
    public void Endpoint_that_is_no_address_is_named()
    {
        using var environment = Environment(("HF_ENDPOINT", "mirror"));
        Assert.Contains("HF_ENDPOINT",
            Assert.Throws<RegistryUnreachableException>(() => new HuggingFaceRegistry(environment)).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("on", true)]
    [InlineData("Yes", true)]
    [InlineData("TRUE", true)]
    [InlineData("0", false)]
    [InlineData("no", false)]
    [InlineData("2", false)]
    public void Offline_is_said_by_either_variable(string value, bool offline)
    {
        Assert.Equal(offline ? "HF_HUB_OFFLINE" : null, Read(("HF_HUB_OFFLINE", value)).OfflineVariable);
        Assert.Equal(offline ? "TRANSFORMERS_OFFLINE" : null, Read(("TRANSFORMERS_OFFLINE", value)).OfflineVariable);
    }

    [Fact]
    public void Token_comes_from_the_first_place_that_has_one()
    {
        var folder = Directory.CreateTempSubdirectory("gpux-token-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "token"), " hf_home\r\n");
            File.WriteAllText(Path.Combine(folder, "other"), "hf_path\n");
            Assert.Equal("hf_home", Token(("HF_HOME", folder)));
            Assert.Equal("hf_path", Token(("HF_HOME", folder), ("HF_TOKEN_PATH", $"{folder}/other")));
            Assert.Equal("hf_old", Token(("HF_HOME", folder), ("HUGGING_FACE_HUB_TOKEN", "hf_old")));
            Assert.Equal("hf_env",
                Token(("HF_HOME", folder), ("HUGGING_FACE_HUB_TOKEN", "hf_old"), ("HF_TOKEN", "\thf_env\r\n")));
            Assert.Equal("hf_old", Token(("HF_TOKEN", " \n"), ("HUGGING_FACE_HUB_TOKEN", "hf_old")));
            Assert.Null(Token(("HF_HOME", folder), ("HF_TOKEN", "hf_env"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")));
            Assert.Null(Token(("HF_HOME", $"{folder}/nothing")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Damaged_token_is_refused_without_being_shown()
    {
        var exception = Assert.Throws<AccessDeniedException>(() => Token(("HF_TOKEN", "hf_secret\u00e9")));
        Assert.Contains("HF_TOKEN", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
    }

    private static string? Token(params (string, string)[] variables)
    {
        using var environment = Environment(variables);
        return HubSettings.ReadToken(environment);
    }
}
