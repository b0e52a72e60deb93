using Gpux.Models.Batches;

namespace Gpux.Models.Tests.Batches;

public sealed class ResumableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-resume-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Output => Path.Combine(_folder, "out.csv");

    [Fact]
    public void Work_goes_on_after_what_counts()
    {
        using (var file = Open("work"))
        {
            Add(file, "one\n", isAnswered: false);
            file.Stream.Write("half of tw"u8); // and then it was killed
        }
        Assert.False(File.Exists(Output));
        using (var file = Open("work"))
        {
            Assert.Equal((1, 1), (file.Rows, file.Failures));
            Add(file, "two\n");
            file.Complete();
        }
        Assert.Equal("one\ntwo\n", File.ReadAllText(Output));
        Assert.Equal([Output], Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("other work", null)]
    [InlineData("work", "{\"format\": 1, \"work\"")]
    [InlineData("work", "[]")]
    public void Another_work_and_a_damaged_note_start_anew(string work, string? note)
    {
        using (var file = Open("work"))
        {
            Add(file, "one\n");
        }
        if (note is not null)
            File.WriteAllText($"{Output}.partial.json", note);
        using var again = Open(work);
        Assert.Equal((0, 0), (again.Rows, again.Stream.Length));
    }

    [Fact]
    public void What_was_there_stays_until_the_work_is_complete()
    {
        File.WriteAllText(Output, "old");
        using var file = Open("work");
        Add(file, "new");
        Assert.Equal("old", File.ReadAllText(Output));
        file.Complete();
        Assert.Equal("new", File.ReadAllText(Output));
    }

    [Fact]
    public void Two_processes_do_not_write_one_file()
    {
        using var file = Open("work");
        Assert.Throws<BatchInUseException>(() => Open("work"));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_told()
    {
        File.WriteAllText(Output, "");
        Assert.Throws<BatchOutputException>(() => ResumableFile.Open(Path.Combine(Output, "below-a-file.csv"), []));
        Assert.Throws<BatchOutputException>(() => ResumableFile.Open(_folder, []));
    }

    [Fact]
    public void A_result_that_cannot_be_written_leaves_nothing_half_written()
    {
        using (var file = Open("work"))
        {
            Add(file, "one\n");
            var exception = Assert.Throws<BatchOutputException>(() => file.CompleteAs(output =>
            {
                output.Write("half"u8);
                throw new IOException("No space left on device");
            }));
            Assert.Contains("No space left", exception.Message, StringComparison.Ordinal);
        }
        Assert.False(File.Exists(Output));
        Assert.False(File.Exists($"{Output}.tmp"));
        using var again = Open("work");
        Assert.Equal(1, again.Rows);
    }

    private ResumableFile Open(string work) => ResumableFile.Open(Output, [work], TimeSpan.Zero);

    private static void Add(ResumableFile file, string text, bool isAnswered = true) => file.Add(
        [new BatchAnswer(new BatchRow(1, null), null, isAnswered ? null : new BadRowException("in.csv", 1, "bad"))], () => file.Stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
