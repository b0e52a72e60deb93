using Gpux.Cli.Pictures;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Tests.Pictures;

public sealed class ResultPictureTests
{
    private static readonly Image Grey = Image.FromPixels(512, 512, Enumerable.Repeat((byte)128, 512 * 512 * 3).ToArray());

    [Fact]
    public void Box_is_framed_in_its_colour_and_named_above()
    {
        var picture = Draw(new DetectedObjects([new DetectedObject(0.9f, "cat", 100, 200, 300, 400)], Grey.Size));
        var colour = Colour.OfClass(0);
        Assert.Equal(colour, At(picture, 100, 300));
        Assert.Equal(colour, At(picture, 299, 300));
        Assert.Equal(Colour.Black, At(picture, 99, 300));
        Assert.Equal(new Colour(128, 128, 128), At(picture, 200, 300));
        Assert.Equal(colour, At(picture, 100, 190)); // the ground of the name
    }

    [Fact]
    public void Boxes_that_reach_past_the_image_are_drawn_as_far_as_it_goes()
    {
        var picture = Draw(new DetectedObjects([new DetectedObject(0.9f, "cat", -5000, -70, 100_000, int.MaxValue)], Grey.Size));
        Assert.Equal(Grey.Size, picture.Size);
    }

    [Fact]
    public void Names_do_not_cover_each_other()
    {
        var one = Draw(new DetectedObjects([new DetectedObject(0.9f, "cat", 50, 50, 400, 400)], Grey.Size));
        var two = Draw(new DetectedObjects([new DetectedObject(0.9f, "cat", 50, 50, 400, 400), new DetectedObject(0.5f, "dog", 50, 50, 400, 400)], Grey.Size));
        for (var x = 50; x < 110; x++)
            Assert.Equal(At(one, x, 40), At(two, x, 40));
        Assert.Equal(Colour.OfClass(1), At(two, 50, 52)); // below the first
    }

    [Fact]
    public void Small_images_are_drawn_larger() =>
        Assert.Equal(new ImageSize(520, 390), Draw(new DetectedObjects([], new ImageSize(4, 3)), Image.FromPixels(40, 30, new byte[3600])).Size);

    [Fact]
    public void Regions_are_coloured_and_the_rest_stays()
    {
        var map = new int[512 * 512];
        for (var y = 10; y < 60; y++)
            map.AsSpan(y * 512 + 10, 50).Fill(7);
        var picture = Draw(new ImageRegions([new ImageRegion(0.75, "sky", 7)], Grey.Size, map));
        Assert.Equal(Colour.OfClass(0), At(picture, 10, 10)); // an edge
        var inside = At(picture, 30, 30);
        Assert.Equal((Colour.OfClass(0).Red + 128 + 1) / 2, inside.Red);
        Assert.Equal(new Colour(128, 128, 128), At(picture, 100, 30));
    }

    [Fact]
    public void Depth_goes_from_violet_to_yellow()
    {
        var depth = new float[512 * 512];
        for (var i = 0; i < depth.Length; i++)
            depth[i] = i % 512;
        var picture = Draw(new DepthMap(Tensor.Of<float>(depth, new Shape(512, 512))));
        Assert.Equal(Colour.OfValue(0), At(picture, 0, 0));
        Assert.Equal(Colour.OfValue(1), At(picture, 511, 0));
    }

    [Fact]
    public void Even_depth_is_drawn_without_dividing_by_nothing() =>
        Assert.Equal(Colour.OfValue(0), At(Draw(new DepthMap(Tensor.Zeros(ElementType.Float32, new Shape(512, 512)))), 511, 0));

    [Fact]
    public void Answers_without_places_are_not_drawn() => Assert.Null(ResultPicture.Draw(Grey, new LabelScores([new LabelScore("cat", 1)])));

    [Fact]
    public void Letters_are_told_apart()
    {
        var letters = new HashSet<string>();
        for (var character = ' '; character <= '~'; character++)
        {
            var dots = "";
            for (var y = 0; y < BitmapFont.Height; y++)
                for (var x = 0; x < BitmapFont.Width; x++)
                    dots += BitmapFont.IsSet(character, x, y) ? '#' : '.';
            Assert.True(letters.Add(dots), $"'{character}' looks like another character");
        }
        Assert.Contains(".###.#...##...#######...##...##...#", letters);
    }

    [Theory]
    [InlineData('ä'), InlineData('\n'), InlineData('漢')]
    public void Other_characters_are_question_marks(char character)
    {
        for (var i = 0; i < 35; i++)
            Assert.Equal(BitmapFont.IsSet('?', i % 5, i / 5), BitmapFont.IsSet(character, i % 5, i / 5));
    }

    private static Image Draw(PipelineResult answer, Image? image = null) => ResultPicture.Draw(image ?? Grey, answer) ?? throw new InvalidOperationException("It is not drawn.");

    private static Colour At(Image image, int x, int y)
    {
        var pixel = image.Pixels.Slice((y * image.Width + x) * 3, 3);
        return new Colour(pixel[0], pixel[1], pixel[2]);
    }
}
