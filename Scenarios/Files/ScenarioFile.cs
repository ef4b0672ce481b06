namespace MmuStress.Scenarios;

/// <summary>What a scenario file says: the VM as it is in the beginning, who acts and what each does. Made by <see cref="ScenarioFileReader"/> or by hand.</summary>
/// <remarks>
/// Guest frames and host pages are numbered from 0. One that was made by hand is looked at by <see cref="ScenarioFileRules"/>; docs/scenario-files.md
/// describes the format.
/// </remarks>
public sealed record ScenarioFile
{
    /// <summary>What the file's name ends with.</summary>
    public const string Extension = ".scenario.json";

    /// <summary>The version of the format.</summary>
    public const int Version = 1;

    /// <summary>The entry "format".</summary>
    public const string Format = "mmu-stress scenario";

    /// <summary>Guest frames, host pages and sizes are less than this, and so are the ends of ranges, or equal to it.</summary>
    public const ulong MostPages = 1 << 20;

    /// <summary>How many actors there can be; explored, there are fewer.</summary>
    public const int MostActors = 4096;

    /// <summary>How many memslots there can be at a time.</summary>
    public const int MostSlots = 1024;

    /// <summary>How many operations there can be altogether.</summary>
    public const int MostOperations = 10_000;

    /// <summary>How many pages the operations can be about altogether, one that two are about counted twice.</summary>
    public const ulong MostPagesOfOperations = 4 * MostPages;

    /// <summary>The scenario's name: small letters, digits and dashes.</summary>
    public required string Name { get; init; }

    /// <summary>What happens in it, in one line; empty for nothing.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Where it comes from, in one line: "a.trace lines 120 to 141"; empty where nobody says.</summary>
    public string Source { get; init; } = "";

    /// <summary>How many windows of a trace it stands for, at least 1; null where it comes from none.</summary>
    public ulong? Windows { get; init; }

    /// <summary>What backs the memory: one of <see cref="Backings"/>.</summary>
    public string Backing { get; init; } = Backings[0];

    /// <summary>The memslots in the beginning, at least one.</summary>
    public required IReadOnlyList<ScenarioFileSlot> Slots { get; init; }

    /// <summary>Host pages that the host has not faulted in yet. All others of the memslots are there, each holding its number.</summary>
    public IReadOnlyList<ScenarioFilePages> Untouched { get; init; } = [];

    /// <summary>Frames that stage 2 maps in the beginning.</summary>
    public IReadOnlyList<ScenarioFileMapping> Mapped { get; init; } = [];

    /// <summary>Who acts, at least one; vCPUs are numbered in this order.</summary>
    public required IReadOnlyList<ScenarioFileActor> Actors { get; init; }

    /// <summary>What must hold, by name; null for everything that applies to what the actors do.</summary>
    public IReadOnlyList<string>? Invariants { get; init; }

    /// <summary>What can back the memory, as -s takes it.</summary>
    public static IReadOnlyList<string> Backings { get; } = ["anonymous", "anonymous_thp", "shmem"];
}
