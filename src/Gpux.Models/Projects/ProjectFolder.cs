namespace Gpux.Models.Projects;

/// <summary>A folder of the user's that says how to run a model.</summary>
public static class ProjectFolder
{
    /// <summary>Makes the folder and its gpux.yml, as it was generated when the model was converted.</summary>
    /// <returns>The path of the file.</returns>
    /// <exception cref="ProjectExistsException">The folder has one already.</exception>
    /// <exception cref="OutputException">The folder cannot be written.</exception>
    public static string Make(string folder, PreparedModel model)
    {
        var path = Path.Combine(folder, ProjectFile.FileName);
        if (File.Exists(path))
            throw new ProjectExistsException(path);
        var temporary = $"{path}.{Path.GetRandomFileName()}.tmp";
        try
        {
            Directory.CreateDirectory(folder);
            File.Copy(Path.Combine(model.Variant.Folder, ProjectFile.FileName), temporary);
            File.Move(temporary, path, overwrite: false);
            return path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, exception);
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }
}

/// <summary>A folder has a gpux.yml already, which somebody may have edited.</summary>
public sealed class ProjectExistsException(string path) : GpuxException(ErrorCode.ProjectExists,
    $"There is a {path} already.", "Name another folder, or delete the file.");
