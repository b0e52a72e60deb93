using System.Net;
using Gpux.Registries;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Models.Tests;

public sealed class RemoteImageTests
{
    private static readonly Image Picture = Image.FromPixels(2, 1, [1, 2, 3, 4, 5, 6]);

    [Fact]
    public async Task Image_is_fetched_and_read()
    {
        var image = await LoadAsync(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Picture.ToPng()) });
        Assert.Equal(Picture.Pixels, image.Pixels);
    }

    [Fact]
    public async Task Redirect_within_the_web_is_followed()
    {
        var image = await LoadAsync(request => request.RequestUri!.AbsolutePath == "/photo.png" // every request has an address
            ? Redirect("https://files.example.org/other.png") : new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Picture.ToPng()) });
        Assert.Equal(Picture.Size, image.Size);
    }

    [Theory]
    [InlineData("https://127.0.0.1/secret"), InlineData("https://169.254.169.254/latest/meta-data"), InlineData("http://example.org/photo.png"), InlineData("file:///etc/passwd")]
    public async Task Redirect_to_where_no_image_may_come_from_is_refused(string location) =>
        await Assert.ThrowsAsync<ImageAddressException>(() => LoadAsync(_ => Redirect(location)));

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "404"), InlineData(HttpStatusCode.Forbidden, "403"), InlineData(HttpStatusCode.InternalServerError, "500")]
    public async Task Refusal_is_told_with_its_status(HttpStatusCode status, string expected)
    {
        var error = await Assert.ThrowsAsync<ImageAddressException>(() => LoadAsync(_ => new HttpResponseMessage(status)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal("https://example.org/photo.png", error.Address); // without the query, which may hold a secret
    }

    [Fact]
    public async Task More_bytes_than_an_image_may_have_are_not_read() => await Assert.ThrowsAsync<ImageAddressException>(
        () => LoadAsync(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(new byte[100]) }, new ImageLimits { MaxFileBytes = 99 }));

    [Fact]
    public async Task What_is_no_image_is_refused_as_any_file() => await Assert.ThrowsAsync<UnsupportedImageException>(
        () => LoadAsync(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>") }));

    private static async Task<Image> LoadAsync(Func<HttpRequestMessage, HttpResponseMessage> answer, ImageLimits? limits = null)
    {
        using var network = new Network(answer);
        using var environment = new RegistryEnvironment(_ => null, clock: null, connectTimeout: null, silenceLimit: null, network);
        return await RemoteImage.LoadAsync(new Uri("https://example.org/photo.png?key=secret"), environment, limits ?? ImageLimits.Default, CancellationToken.None);
    }

    private static HttpResponseMessage Redirect(string location) =>
        new(HttpStatusCode.Found) { Headers = { Location = new Uri(location) }, Content = new ByteArrayContent([]) };

    private sealed class Network(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Null(request.Headers.Authorization);
            var response = answer(request);
            response.RequestMessage = request;
            return Task.FromResult(response);
        }
    }
}
