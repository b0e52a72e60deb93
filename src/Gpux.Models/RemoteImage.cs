using System.Net.Http.Headers;
using Gpux.Registries;
using Gpux.Registries.Http;
using Gpux.Runtime.Images;

namespace Gpux.Models;

/// <summary>Fetches an image that a user names by its web address: without a credential, and with the limits and the rules for redirects that hold
/// for registries.</summary>
public static class RemoteImage
{
    /// <param name="address">http or https.</param>
    /// <exception cref="ImageAddressException">The server refuses, does not answer, or sends more than an image may have.</exception>
    /// <exception cref="GpuxException">What it sends is no image, or one beyond the limits.</exception>
    public static async Task<Image> LoadAsync(Uri address, RegistryEnvironment environment, ImageLimits limits, CancellationToken cancellationToken)
    {
        var name = address.GetLeftPart(UriPartial.Path);
        var http = new RegistryHttp(environment, address.Authority, address, credential: null as AuthenticationHeaderValue);
        try
        {
            using var reply = await http.SendAsync(new RegistryRequest(address) { Accept = "image/*" }, cancellationToken);
            if (!reply.Response.IsSuccessStatusCode)
                throw new ImageAddressException(name, $"the server answers {(int)reply.Response.StatusCode}");
            var bytes = await http.ReadAsync(reply, (int)Math.Min(limits.MaxFileBytes, int.MaxValue), cancellationToken);
            return Image.Load(bytes, limits, name);
        }
        catch (TransferInterruptedException interrupted)
        {
            throw new ImageAddressException(name, interrupted.InnerException?.Message ?? interrupted.Message, interrupted);
        }
        catch (UnexpectedReplyException unexpected)
        {
            throw new ImageAddressException(name, unexpected.Message, unexpected);
        }
    }
}

/// <summary>An image cannot be fetched from where it is said to be.</summary>
public sealed class ImageAddressException(string address, string problem, Exception? inner = null) : GpuxException(ErrorCode.ImageAddress,
    $"The image {address} cannot be fetched: {problem.TrimEnd('.')}.", "Open the address in a browser to see what is there, or download the file and give its path.", inner)
{
    public string Address { get; } = address;
}
