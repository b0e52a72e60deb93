using Gpux.Models.Projects;
using Gpux.Runtime.Images;

namespace Gpux.Models.Tests.Projects;

public sealed class ProjectImagesTests : IDisposable
{
    private static readonly string Samples = Path.Combine(Corpus.Repository, "samples");
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-images-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Mean_std_and_size_change_the_pixels_as_they_say()
    {
        var image = Image.Load(Path.Combine(Samples, "inputs", "digit-3.png"));
        var files = ModelFiles.InFolder(Path.Combine(Samples, "digits"));
        var own = ImageProcessor.Load(files.Find).Process([image]).Tensors["pixel_values"]; // (x / 255 - 0.5) / 0.5
        var plain = Process("{mean: [0, 0, 0], std: [1, 1, 1]}");
        Assert.Equal(own.Shape, plain.Shape);
        for (var i = 0; i < plain.AsSpan<float>().Length; i++)
            Assert.Equal((plain.AsSpan<float>()[i] - 0.5f) / 0.5f, own.AsSpan<float>()[i], 1e-5f);
        Assert.Equal(new Shape(1, 3, 48, 48), Process("{size: 48}").Shape);
        Assert.All(Process("{rescale_factor: 1e-9}").AsSpan<float>().ToArray(), value => Assert.Equal(-1f, value, 1e-5f));

        Tensor Process(string preprocessing) => ProjectImages.Load(Read(preprocessing), files).Process([image]).Tensors["pixel_values"];
    }

    [Fact]
    public void A_model_without_a_processor_file_is_refused() => Assert.Throws<ProjectException>(
        () => ProjectImages.Load(Read("{size: 48}"), ModelFiles.InFolder(Path.Combine(Samples, "language-id"))));

    private ProjectFile Read(string preprocessing)
    {
        var path = Path.Combine(_folder, "gpux.yml");
        File.WriteAllText(path, $"preprocessing: {preprocessing}\n");
        return ProjectFile.Read(path, reference => ModelReference.Parse(reference));
    }
}
