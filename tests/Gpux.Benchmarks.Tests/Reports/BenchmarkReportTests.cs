using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Charts;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Results;

namespace Gpux.Benchmarks.Tests.Reports;

public sealed partial class BenchmarkReportTests
{
    private const string Attack = "</td></svg></style><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & \u202E\e[31m";

    private static BenchmarkRun Hostile => ExampleRun.Of(Attack, model: Attack, hardware: Attack, version: Attack) with
    {
        MachineFingerprint = Attack, Suite = Attack, BenchmarkVersion = Attack, ProvenanceSource = Attack, Reasons = [Attack], Verdict = RunVerdict.Unstable,
        EnvironmentJson = """{"cpu": "</pre><script>alert(2)</script>"}""", Engine = new Engine(Attack) { Version = Attack, DriverVersion = Attack },
        Workload = new Workload(TaskType.Inference, Attack) { Precision = Attack },
    };

    // The page is XML too, but for its first line: a parser tells markup from text.
    private static XElement Parse(string html) => XDocument.Parse(html["<!DOCTYPE html>".Length..]).Root!; // parsed

    [Fact]
    public void Names_of_strangers_stay_text()
    {
        var page = Parse(BenchmarkReport.ToHtml(RunNames.Of([Hostile, Hostile with { Key = "other" }, .. ExampleRuns.Precisions])));
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "img" or "iframe" or "object" or "link");
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || attribute.Name.LocalName is "src" or "href" or "style");
        Assert.Contains("<script>alert(1)</script>", page.Value, StringComparison.Ordinal); // as text
        Assert.DoesNotContain(page.ToString(), letter => letter is '\u202E' or '\e');
    }

    [Fact]
    public void Policy_allows_the_style_sheet_and_nothing_else()
    {
        var html = BenchmarkReport.ToHtml(RunNames.Of(ExampleRuns.Precisions));
        var page = Parse(html);
        var policy = page.Descendants("meta").Single(meta => meta.Attribute("http-equiv") is not null).Attribute("content")!.Value; // has a content
        var sheet = StyleSheet().Match(html).Groups[1].Value;
        Assert.StartsWith("default-src 'none'; style-src 'sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(sheet))) + "'", policy, StringComparison.Ordinal);
        Assert.Single(StyleSheet().Matches(html));
        Assert.DoesNotContain("http", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Identifiers_are_unique()
    {
        var ids = Parse(BenchmarkReport.ToHtml(RunNames.Of(ExampleRuns.All))).Descendants().Attributes("id").Select(id => id.Value).ToArray();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Contains("chart-2-title", ids);
    }

    [Fact]
    public void Page_says_what_was_found_and_how_sure_it_is()
    {
        var page = Parse(BenchmarkReport.ToHtml(RunNames.Of([ExampleRuns.Precisions[0], ExampleRuns.Precisions[2] with { Verdict = RunVerdict.Unstable, Reasons = ["the clock was slowed down"] }]))).Value;
        foreach (var expected in (string[])["n 400", "int8: unstable", "the clock was slowed down", "laptop, 8 cores (cpu)", "45.0 GB/s", "gpux bench, version 1", "3 separate processes", "precision-int8"])
            Assert.Contains(expected, page, StringComparison.Ordinal);
        Assert.DoesNotContain("no data", page, StringComparison.Ordinal);
        // "no data" differs from zero.
        Assert.Contains("no data", Parse(BenchmarkReport.ToHtml(RunNames.Of([ExampleRun.Of("a", memoryBytes: null), ExampleRun.Of("b", memoryBytes: 0)]))).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void File_appears_whole_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        BenchmarkReport.WriteHtml(ExampleRuns.Precisions, folder["report.html"]);
        Assert.Equal(BenchmarkReport.ToHtml(RunNames.Of(ExampleRuns.Precisions)), File.ReadAllText(folder["report.html"]));
        Directory.CreateDirectory(folder["taken"]);
        Assert.ThrowsAny<Exception>(() => BenchmarkReport.WriteHtml(ExampleRuns.Precisions, folder["taken"]));
        Assert.Equal(["report.html"], folder.Files);
    }

    [GeneratedRegex("<style>(.*?)</style>", RegexOptions.Singleline)]
    private static partial Regex StyleSheet();
}
