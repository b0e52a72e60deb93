using Gpux.Cli.Terminals;
using Gpux.Models;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Writing;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Pictures;

/// <summary>Where the drawn answers of a command go: to a file, to a folder with a file for each image, or to the terminal.</summary>
/// <param name="path">The value of --save; null where it was not given.</param>
internal sealed class PictureOutput(string? path, PictureProtocol protocol)
{
    private readonly HashSet<string> _taken = [];

    /// <exception cref="UsageException">The task's answers are not drawn.</exception>
    public static PictureOutput For(string task, string? path, Terminal terminal, Func<string, string?> variable)
    {
        if (path is not null && !ResultPicture.Has(task))
            throw new UsageException($"The answers of {task} are not drawn.", "Leave out --save; --json writes the whole answer.");
        return new PictureOutput(path,
            ResultPicture.Has(task) && terminal.Colours && !terminal.Json ? TerminalPicture.Detect(variable) : PictureProtocol.None);
    }

    private bool IsWanted => path is not null || protocol != PictureProtocol.None;

    /// <summary>Whether there are several images, so that --save names a folder. To be set before any answer is added.</summary>
    /// <exception cref="UsageException">There is one, and the file's name has no ending that is written.</exception>
    public bool IsFolder
    {
        get;
        set
        {
            field = value;
            if (path is not null && !value && !ImageEncoder.CanWrite(path))
                throw new UsageException($"--save is '{path}', which ends in none of {string.Join(", ", ImageEncoder.Endings)}.", "Write --save out.png.");
        }
    }

    /// <summary>Draws an answer, and writes it where --save says.</summary>
    /// <param name="name">What the user calls the image.</param>
    /// <returns>What to show on the terminal, and where the picture was written; null each where there is nothing.</returns>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public (Image? Shown, string? Saved) Add(string name, Image image, PipelineResult answer)
    {
        if (!IsWanted || ResultPicture.Draw(image, answer) is not { } picture)
            return (null, null);
        var saved = path is null ? null : IsFolder ? InFolder(name) : path;
        if (saved is not null)
            Save(picture, saved);
        return (protocol == PictureProtocol.None || IsFolder ? null : picture, saved);
    }

    public void Show(TextWriter output, Image? picture)
    {
        if (picture is not null)
            TerminalPicture.Write(output, picture, protocol);
    }

    // Images of equal names in several folders are numbered.
    private string InFolder(string name)
    {
        var stem = Path.GetFileNameWithoutExtension(name.TrimEnd('/')) is { Length: > 0 } known and not "-" ? known : "image";
        foreach (var forbidden in Path.GetInvalidFileNameChars())
            stem = stem.Replace(forbidden, '_');
        lock (_taken)
        {
            var file = $"{stem}.png";
            for (var i = 2; !_taken.Add(file); i++)
                file = $"{stem}-{i}.png";
            return Path.Combine(path!, file); // called with --save alone
        }
    }

    private static void Save(Image picture, string file)
    {
        try
        {
            if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
            picture.Save(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(file, exception, "--save");
        }
    }
}
