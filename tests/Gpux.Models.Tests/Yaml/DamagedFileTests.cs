using System.Text;
using Gpux.Models.Locks;
using Gpux.Models.Projects;
using Xunit.Abstractions;

namespace Gpux.Models.Tests.Yaml;

/// <summary>Damaged files of GPUX's own: read, or refused by a typed error.</summary>
public sealed class DamagedFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly byte[][] Words = [.. new[] { "{", "}", "[", "]", ":", ",", "&a", "*a", "!", "|", ">", "'", "\"", "#", "- ", "? ", "  ", "\n", "\t", "\\x", "~", "0", "9", "-1" }.Select(Encoding.UTF8.GetBytes)];

    private readonly ScratchFolder _folder = new();

    public static TheoryData<string> Names => [LockFile.FileName, ProjectFile.FileName];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_files_are_read_or_refused(string name) => Fuzzing.TenThousand(output, name, () => Reader(name));

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Category", "Slow")]
    public void A_million_damaged_files_are_read_or_refused(string name) => Fuzzing.Million(output, name, () => Reader(name));

    private Func<Chance, bool> Reader(string name)
    {
        var damage = new Damage([.. (name == LockFile.FileName ? [Lock()] : Projects).Select(Encoding.UTF8.GetBytes)], int.MaxValue, Words);
        var path = _folder.NewPath();
        return chance =>
        {
            File.WriteAllBytes(path, damage.Next(chance).Bytes);
            try
            {
                if (name == LockFile.FileName)
                    Assert.NotNull(LockFile.Read(path));
                else
                    ProjectFile.Read(path, text => ModelReference.Parse(text));
                return true;
            }
            catch (GpuxException error) when (error is LockFileException or ProjectException)
            {
                return false;
            }
        };
    }

    private static string Lock() => new LockFile([], "1.0").With(
        [new LockedModel("hf", "org/m", "v1", new string('a', 40), [new LockedFile("b.json", 2, new string('2', 64)), new LockedFile("a\\b", 1, new string('1', 64), "x.zip")])]).Write();

    // Several small ones: each is damaged in all its parts.
    private static readonly string[] Projects =
    [
        """
        name: sentiment
        version: "1.0.0"
        model: {id: org/sentiment, registry: hf, revision: v1, format: safetensors, file: model.safetensors}
        task: text-classification
        """,
        """
        source: hf:org/m
        inputs:
          - name: input_ids
            shape: [batch, 128]
        outputs:
          - {name: logits, type: float32, labels: [bad, 'good']}
        """,
        """
        runtime:
          gpu: {backend: cuda, memory: 4GB}
          batch_size: 8
          timeout: 30s
        serving: {host: 127.0.0.1, port: 8080, api_keys: true}
        """,
        """
        preprocessing: {max_length: 256, truncation: true, size: 8, mean: [0.5, 0.4, 1], rescale_factor: 0.1}
        """,
    ];
}
