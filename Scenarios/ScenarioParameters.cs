using System.Globalization;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>How large a scenario is. The letters are those of the KVM selftests.</summary>
public sealed record ScenarioParameters
{
    /// <summary>Bytes of a page of guest memory.</summary>
    public const long PageSize = 4096;

    /// <summary>The name under which <see cref="File"/> stands in a schedule file.</summary>
    public const string FileKey = "file";

    private const long MostPages = 1 << 20;
    private const long SparePages = 1 << 10; // scenarios may have that many more

    /// <summary>How many vCPUs (-v), at least 1.</summary>
    public int Vcpus { get; init; } = 2;

    /// <summary>How many host threads that unmap (-n), at least 0.</summary>
    public int Notifiers { get; init; } = 1;

    /// <summary>Bytes of guest memory for each vCPU (-b), a positive multiple of the page size.</summary>
    public long BytesPerVcpu { get; init; } = PageSize;

    /// <summary>How many memslots the memory is cut into (-x), at least 1.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>Whether all vCPUs share the memory (-o) instead of having a part each.</summary>
    public bool Overlap { get; init; } = true;

    /// <summary>What backs the memory (-s): "anonymous", "anonymous_thp", "shmem".</summary>
    public string Backing { get; init; } = "anonymous";

    /// <summary>How often each actor goes through its script.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>
    /// How often a fault retries at once before it lets others run, at least 0; 0 where all executions are searched, since a retry that reads
    /// the same does the same.
    /// </summary>
    public int Retries { get; init; } = 2;

    /// <summary>What is left out (--without): "rmb".</summary>
    public string Without { get; init; } = "";

    /// <summary>The geometry of arm64-2014's tables (--geometry): "4K,48,40" for page size, bits of kernel and of guest addresses; empty for the scenario's own.</summary>
    public string Geometry { get; init; } = "";

    /// <summary>The same, taken apart; null for the scenario's own.</summary>
    /// <exception cref="ArgumentException">There is no such geometry.</exception>
    public Stage2Geometry? Stage2 => Geometry.Length == 0 ? null : GeometryText.Parse(Geometry);

    /// <summary>The scenario file that it comes from, as <see cref="ScenarioFileWriter.ToLine"/> writes it; empty for a scenario of the catalogue.</summary>
    public string File { get; init; } = "";

    /// <summary>The pages of guest memory for each vCPU.</summary>
    public int PagesPerVcpu => (int)(BytesPerVcpu / PageSize);

    /// <summary>The pages of guest memory altogether.</summary>
    public int Pages => Overlap ? PagesPerVcpu : PagesPerVcpu * Vcpus;

    /// <summary>The parameters as they stand in a schedule file.</summary>
    /// <returns>Text by name.</returns>
    public IReadOnlyDictionary<string, string> ToDictionary()
    {
        Dictionary<string, string> all = ForEveryMmu();
        if (Geometry.Length != 0)
        {
            all["geometry"] = Geometry;
        }

        if (File.Length != 0)
        {
            all[FileKey] = File;
        }

        return all;
    }

    private Dictionary<string, string> ForEveryMmu() => new(StringComparer.Ordinal)
    {
        ["vcpus"] = Vcpus.ToString(CultureInfo.InvariantCulture),
        ["notifiers"] = Notifiers.ToString(CultureInfo.InvariantCulture),
        ["bytes"] = BytesPerVcpu.ToString(CultureInfo.InvariantCulture),
        ["slots"] = Slots.ToString(CultureInfo.InvariantCulture),
        ["overlap"] = Overlap ? "true" : "false",
        ["backing"] = Backing,
        ["rounds"] = Rounds.ToString(CultureInfo.InvariantCulture),
        ["retries"] = Retries.ToString(CultureInfo.InvariantCulture),
        ["without"] = Without,
    };

    /// <summary>The parameters that a schedule file holds.</summary>
    /// <param name="values">Text by name.</param>
    /// <returns>The parameters.</returns>
    /// <exception cref="FormatException">A number is not one.</exception>
    /// <exception cref="KeyNotFoundException">One is missing.</exception>
    public static ScenarioParameters FromDictionary(IReadOnlyDictionary<string, string> values) => new()
    {
        Vcpus = int.Parse(values["vcpus"], CultureInfo.InvariantCulture),
        Notifiers = int.Parse(values["notifiers"], CultureInfo.InvariantCulture),
        BytesPerVcpu = long.Parse(values["bytes"], CultureInfo.InvariantCulture),
        Slots = int.Parse(values["slots"], CultureInfo.InvariantCulture),
        Overlap = bool.Parse(values["overlap"]),
        Backing = values["backing"],
        Rounds = int.Parse(values["rounds"], CultureInfo.InvariantCulture),
        Retries = int.Parse(values["retries"], CultureInfo.InvariantCulture),
        Without = values["without"],
        Geometry = values.GetValueOrDefault("geometry", ""),
        File = values.GetValueOrDefault(FileKey, ""),
    };

    /// <summary>What is wrong with the parameters.</summary>
    /// <returns>One line; null when they are fine.</returns>
    public string? Problem()
    {
        if (Vcpus < 1)
        {
            return "there must be at least 1 vCPU (-v)";
        }

        if (Notifiers < 0)
        {
            return "there cannot be fewer than 0 notifiers (-n)";
        }

        if (BytesPerVcpu < PageSize || BytesPerVcpu % PageSize != 0)
        {
            return $"guest memory (-b) must be a positive multiple of {PageSize} bytes";
        }

        if (BytesPerVcpu / PageSize > MostPages)
        {
            return "guest memory (-b) is at most 4G for each vCPU";
        }

        if (BytesPerVcpu / PageSize * (Overlap ? 1 : Vcpus) > (long)Mmu.Kvm.MemMaxNrPages - SparePages)
        {
            return "guest memory altogether (-b for each of -v) has fewer than 2^31 pages";
        }

        if (Slots < 1 || Slots > Pages)
        {
            return "the number of memslots (-x) must be from 1 to the number of pages";
        }

        if (GeometryText.ProblemOf(Geometry) is { } problem)
        {
            return problem;
        }

        if (Retries < 0)
        {
            return "there cannot be fewer than 0 retries";
        }

        return Rounds < 1 ? "there must be at least 1 round" : null;
    }
}
