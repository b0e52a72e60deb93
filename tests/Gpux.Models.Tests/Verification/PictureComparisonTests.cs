using System.Text.Json;
using Gpux.Models.Verification;

namespace Gpux.Models.Tests.Verification;

public sealed class PictureComparisonTests
{
    private const string Recorded = """{"mode": "L", "size": [ 3, 2 ], "values": [0, 0, 255, 255, 7, 7]}""";

    [Theory]
    [InlineData("""{"mode":"L","size":[3,2],"runs":[[0,2],[255,2],[7,2]]}""")]
    [InlineData("""{"mode":"L","size":[3,2],"runs":[[0,2],[255,2],[8,1],[6,1]]}""")]
    public void Forms_of_one_picture_are_equal(string computed) => Assert.Null(Difference(computed));

    [Theory]
    [InlineData("""{"mode":"L","size":[2,3],"runs":[[0,2],[255,2],[7,2]]}""")]
    [InlineData("""{"mode":"RGB","size":[3,2],"runs":[[0,2],[255,2],[7,2]]}""")]
    [InlineData("""{"mode":"L","size":[3,2],"runs":[[0,2],[255,2],[9,2]]}""")]
    [InlineData("""{"mode":"L","size":[3,2],"runs":[[0,2],[255,2],[7,1]]}""")]
    public void Other_pictures_differ(string computed) => Assert.NotNull(Difference(computed));

    private static string? Difference(string computed)
    {
        using var expected = JsonDocument.Parse(Recorded);
        using var actual = JsonDocument.Parse(computed);
        return PictureComparison.Difference(expected.RootElement, actual.RootElement);
    }
}
