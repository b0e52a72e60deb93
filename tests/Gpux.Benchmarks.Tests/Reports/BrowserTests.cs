using System.Text.Json;
using Gpux.Benchmarks.Charts;
using Gpux.Benchmarks.Reports;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Charts;
using Gpux.Benchmarks.Tests.Database;

namespace Gpux.Benchmarks.Tests.Reports;

/// <summary>Reports and pictures as a browser shows them, on a wide screen and a narrow one, light and dark.</summary>
[Trait("Category", "Slow")]
public sealed class BrowserTests
{
    // What is wrong with a page, in words; how many pictures it has, and the colour of its ground.
    private const string Look = """
        (() => {
          const faults = [], say = element => `${element.tagName} '${element.textContent.trim().slice(0, 60)}'`;
          const root = document.documentElement;
          if (root.scrollWidth > innerWidth + 1) faults.push(`the page is ${root.scrollWidth} wide, and its window ${innerWidth}`);
          const pictures = [...document.querySelectorAll('svg')];
          for (const picture of pictures) {
            const room = picture.getBoundingClientRect();
            if (room.width < 250 || room.height < 50) faults.push(`a picture is ${room.width} x ${room.height}`);
            const texts = [...picture.querySelectorAll('text')].map(text => ({ text, box: text.getBoundingClientRect() })).filter(each => each.box.width > 0);
            for (const { text, box } of texts) {
              if (box.left < room.left - 1 || box.right > room.right + 1 || box.top < room.top - 1 || box.bottom > room.bottom + 1) faults.push(`${say(text)} is beyond its picture`);
              if (box.height < 8) faults.push(`${say(text)} is ${box.height} high`);
            }
            // A line's box is higher than its letters.
            for (let i = 0; i < texts.length; i++)
              for (let k = 0; k < i; k++) {
                const a = texts[i].box, b = texts[k].box, slack = 3;
                if (a.left + slack < b.right && b.left + slack < a.right && a.top + slack < b.bottom && b.top + slack < a.bottom)
                  faults.push(`${say(texts[i].text)} lies on ${say(texts[k].text)}`);
              }
          }
          for (const element of document.querySelectorAll('h1, h2, p, td, th, dt, dd, pre'))
            if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) faults.push(`${say(element)} is wider than its room`);
          return { faults, pictures: pictures.length, ground: getComputedStyle(document.body ?? root).backgroundColor };
        })()
        """;

    private const string LongName = "an-organisation-with-a-long-name/a-model-whose-name-is-as-long-as-names-of-models-become-these-days-instruct-v2.5";

    private static BenchmarkRun[] LongNames => [.. ExampleRuns.Precisions.Select(run => run with
    {
        Model = new BenchmarkedModel(LongName), Verdict = run.Workload.Precision == "fp16" ? RunVerdict.Unstable : RunVerdict.Valid, EnvironmentJson = $$"""{"flags": "{{new string('x', 500)}}"}""",
        Reasons = ["drifting: the median rose by 54 % from the first window to the last.", "launches differ: the median of one is 1.4 times that of another."],
    })];

    public static TheoryData<string, int> Pages => new() { { "one", 2 }, { "precisions", 3 }, { "all", 4 }, { "long", 3 } };

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Report_is_whole_and_readable(string name, int pictures)
    {
        using var folder = new TemporaryFolder();
        var path = folder[$"{name}.html"];
        BenchmarkReport.WriteHtml(name switch { "one" => [ExampleRuns.Precisions[0]], "precisions" => ExampleRuns.Precisions, "all" => ExampleRuns.All, _ => LongNames }, path);
        await using var browser = await Browser.StartAsync();
        HashSet<string?> grounds = [];
        foreach (var width in (int[])[1280, 400])
            foreach (var scheme in (string[])["light", "dark"])
                grounds.Add((await LookAsync(browser, path, width, scheme, least: pictures)).GetProperty("ground").GetString());
        Assert.Equal(2, grounds.Count);
    }

    [Fact]
    public async Task Pictures_are_whole_and_readable()
    {
        using var folder = new TemporaryFolder();
        await using var browser = await Browser.StartAsync();
        foreach (var (name, draw) in DocumentPictureTests.Pictures)
        {
            await File.WriteAllTextAsync(folder[$"{name}.svg"], ChartSvg.Write(draw()));
            await File.WriteAllTextAsync(folder[$"{name}.html"], BenchmarkReport.ToHtml(draw()));
            await LookAsync(browser, folder[$"{name}.svg"], 1280, "dark", least: 1);
            await LookAsync(browser, folder[$"{name}.html"], 400, "light", least: 1);
        }
    }

    // What the other tests rely on: that the browser tells of scripts, of what is fetched, and of what lies on something else.
    [Fact]
    public async Task Faults_of_a_page_are_seen()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["bad.html"], """
            <!DOCTYPE html><html><body><p style="width:5em;white-space:nowrap">much wider than its room is</p><img src="https://example.com/a.png"><script>throw new Error("x")</script>
            <svg width="300" height="100"><text x="5" y="50">one</text><text x="8" y="52">two</text><text x="290" y="90">beyond</text></svg></body></html>
            """);
        await using var browser = await Browser.StartAsync();
        var (value, console, requests) = await browser.LookAsync(folder["bad.html"], 1280, "light", Look);
        Assert.Equal(3, value.GetProperty("faults").GetArrayLength());
        Assert.NotEmpty(console);
        Assert.Equal("https://example.com/a.png", Assert.Single(requests));
    }

    private static async Task<JsonElement> LookAsync(Browser browser, string path, int width, string scheme, int least)
    {
        var (value, console, requests) = await browser.LookAsync(path, width, scheme, Look);
        Assert.Empty(console);
        Assert.Empty(requests);
        var faults = value.GetProperty("faults").EnumerateArray().Select(fault => fault.GetString()).ToArray();
        Assert.True(faults.Length == 0, $"{Path.GetFileName(path)}, {width} wide, {scheme}: {string.Join("; ", faults.Take(10))}");
        Assert.True(value.GetProperty("pictures").GetInt32() >= least, $"{value.GetProperty("pictures")} pictures");
        return value;
    }
}
