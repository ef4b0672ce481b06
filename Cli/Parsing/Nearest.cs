namespace MmuStress.Cli;

/// <summary>The name that somebody probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate nearest to <paramref name="name"/>.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="candidates">What there is.</param>
    /// <returns>The nearest one; null where none is near.</returns>
    public static string? To(string name, IEnumerable<string> candidates)
    {
        if (name.Length == 2 && name[0] == '-')
        {
            return null; // every other letter would be near
        }

        (string Name, int Distance)? best = null;
        foreach (string candidate in candidates)
        {
            string typed = Letters(name);
            string known = Letters(candidate);
            int distance = Distance(typed, known);
            int limit = Math.Max(typed.Length, known.Length) / 2;
            if (distance <= limit && (best is null || distance < best.Value.Distance))
            {
                best = (candidate, distance);
            }
        }

        return best?.Name ?? candidates.FirstOrDefault(c => name.Length >= 3 && c.StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    private static string Letters(string name) => name.TrimStart('-').ToUpperInvariant();

    // Letters inserted, deleted, replaced, or two neighbours exchanged.
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                int replaced = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replaced, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
