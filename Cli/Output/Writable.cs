namespace MmuStress.Cli;

/// <summary>Finds out whether something can be written, and leaves nothing behind.</summary>
internal static class Writable
{
    /// <summary>Refuses a folder that cannot be written to, or not be made.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="UsageException">It cannot be written to.</exception>
    public static void RequireFolder(string path, string option)
    {
        try
        {
            if (path.Length == 0)
            {
                throw new IOException("it has no name");
            }

            string folder = Path.GetFullPath(path);
            while (!Directory.Exists(folder))
            {
                if (File.Exists(folder))
                {
                    throw new IOException($"{folder} is a file");
                }

                folder = Path.GetDirectoryName(folder) ?? throw new IOException("it has no root");
            }

            string probe = Path.Combine(folder, $".mmu-stress-{Guid.NewGuid():N}.tmp");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw new UsageException($"{option} {path}: cannot be written: {e.Message}");
        }
    }

    /// <summary>Refuses a file that cannot be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public static void RequireFile(string path, string option)
    {
        if (path.Length == 0 || Directory.Exists(path))
        {
            throw new UsageException($"{option} must name a file, not '{path}'");
        }

        RequireFolder(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", option);
    }

    /// <summary>Writes a file whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What is written.</param>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public static void Write(string path, byte[] content)
    {
        string full = Path.GetFullPath(path);
        string temporary = $"{full}.{Environment.ProcessId}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw new UsageException($"{path} cannot be written: {e.Message}");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Whether the file system refused.</summary>
    /// <param name="e">What was thrown.</param>
    /// <returns>Whether it is the user's matter, not a mistake of this program.</returns>
    public static bool IsRefusal(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
