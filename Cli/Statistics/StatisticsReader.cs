using MmuStress.Mmu;

namespace MmuStress.Cli;

/// <summary>Reads statistics that a user names.</summary>
internal static class StatisticsReader
{
    private const int MostBytes = 1 << 20; // a kernel's have some ten thousand

    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="UsageException">It cannot be read, or is no statistics.</exception>
    public static StatFile Read(string path)
    {
        try
        {
            return StatFile.Parse(Bytes(path));
        }
        catch (StatFormatException e)
        {
            throw new UsageException($"{path}: no statistics: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{path}: {e.Message}");
        }
    }

    // The length is not asked for: what is no regular file has none.
    private static byte[] Bytes(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"{path}: {(Directory.Exists(path) ? "is a folder" : "there is no such file")}");
        }

        using FileStream file = File.OpenRead(path);
        using var content = new MemoryStream();
        byte[] buffer = new byte[1 << 14];
        int read;
        while ((read = file.Read(buffer)) != 0)
        {
            content.Write(buffer, 0, read);
            if (content.Length > MostBytes)
            {
                throw new StatFormatException("larger than a megabyte");
            }
        }

        return content.ToArray();
    }
}
