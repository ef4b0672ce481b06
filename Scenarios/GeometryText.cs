using System.Globalization;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The geometry of arm64-2014's tables as users type it: "4K,48,40" for page size, bits of kernel addresses, bits of guest addresses.</summary>
public static class GeometryText
{
    private const string Shape = "a geometry (--geometry) is PAGE,VA,PA, as in 4K,48,40: page size 4K or 64K, bits of kernel and of guest addresses";

    /// <summary>The geometry.</summary>
    /// <param name="text">What was typed.</param>
    /// <returns>The geometry.</returns>
    /// <exception cref="ArgumentException">It is none, or one that the patch does not allow.</exception>
    public static Stage2Geometry Parse(string text)
    {
        string[] parts = text.Split(',');
        int pageSize = parts[0] switch
        {
            "4K" => 4096,
            "16K" => 16384,
            "64K" => 65536,
            _ => 0,
        };
        if (parts.Length != 3 || pageSize == 0 || !TryParse(parts[1], out int vaBits) || !TryParse(parts[2], out int physBits))
        {
            throw new ArgumentException(Shape, nameof(text));
        }

        return Stage2Geometry.Of(pageSize, vaBits, physBits);
    }

    /// <summary>What is wrong with a geometry.</summary>
    /// <param name="text">What was typed; empty for none.</param>
    /// <returns>One line; null when nothing is.</returns>
    public static string? ProblemOf(string text)
    {
        try
        {
            _ = text.Length == 0 ? null : Parse(text);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message.Split(" (Parameter", 2)[0];
        }
    }

    private static bool TryParse(string text, out int bits) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bits);
}
