using System.Text.RegularExpressions;

namespace Gpux.Cli.Tests.Documents;

public sealed partial class LinkTests
{
    public static TheoryData<string> Documents => [.. Document.All];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_to_files_of_the_repository(string name)
    {
        var document = Document.Load(name);
        var folder = Path.GetDirectoryName(document.Path)!; // a file lies in a folder
        var targets = Link().Matches(document.Text).Select(match => match.Groups[1].Value).Where(target => !target.Contains(':') && !target.StartsWith('#'));
        Assert.DoesNotContain(targets, target => !Path.Exists(Path.Combine(folder, target.Split('#')[0])));
    }

    /// <summary>Files that prose names as `src/...`, so that a guide does not outlive what it describes.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Files_that_are_named_exist(string name) =>
        Assert.DoesNotContain(NamedFile().Matches(Document.Load(name).Text).Select(match => match.Groups[1].Value), path => !Path.Exists(Document.PathOf(path)));

    [GeneratedRegex(@"(?:\]\(|src="")([^)""\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|eng|native|docs|bench|\.ci)/[A-Za-z0-9_./-]*[A-Za-z0-9])`")]
    private static partial Regex NamedFile();
}
