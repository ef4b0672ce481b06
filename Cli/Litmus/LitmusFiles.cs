using System.IO.Enumeration;

namespace MmuStress.Cli;

/// <summary>The litmus tests that arguments name.</summary>
internal static class LitmusFiles
{
    private const string Extension = ".litmus";
    private const long MostBytes = 1 << 20;

    /// <summary>Files as they are, of folders every *.litmus in them and below.</summary>
    /// <param name="paths">The arguments.</param>
    /// <returns>The files, in order.</returns>
    /// <exception cref="UsageException">A path does not exist, or a folder holds none.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> paths)
    {
        var files = new List<string>();
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(File.Exists(path) ? path : throw new UsageException($"{path}: there is no such file or folder"));
                continue;
            }

            List<string> inside;
            try
            {
                inside = [.. Below(path).Order(StringComparer.Ordinal)];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"{path}: {e.Message}");
            }

            files.AddRange(inside.Count > 0 ? inside : throw new UsageException($"{path}: there is no *{Extension} in this folder"));
        }

        return files;
    }

    // Links to folders are not followed: they can lead in a circle.
    private static FileSystemEnumerable<string> Below(string folder) =>
        new(folder, static (ref e) => e.ToSpecifiedFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        {
            ShouldIncludePredicate = static (ref e) => !e.IsDirectory && e.FileName.EndsWith(Extension, StringComparison.Ordinal),
            ShouldRecursePredicate = static (ref e) => !e.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>Its text.</returns>
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MostBytes ? File.ReadAllText(path) : throw new UsageException("not a litmus test: larger than a megabyte");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message);
        }
    }
}
