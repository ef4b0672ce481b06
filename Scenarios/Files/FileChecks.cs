using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What is checked in a scenario of a file: what it names, or else everything that a correct MMU promises for what its actors do.</summary>
internal sealed class FileChecks
{
    private readonly ScenarioFile file;
    private readonly FileMemory memory;
    private readonly HashSet<ulong> dropped;
    private readonly bool changesMemslots;

    /// <summary>What is checked.</summary>
    /// <param name="file">What the file says.</param>
    /// <param name="memory">Its memory.</param>
    public FileChecks(ScenarioFile file, FileMemory memory)
    {
        this.file = file;
        this.memory = memory;
        changesMemslots = file.Actors.Any(a => string.Equals(a.Kind, ScenarioFileOperations.MemslotsKind, StringComparison.Ordinal));
        dropped = DroppedPages();
        Names = file.Invariants ?? Fitting();
        Ignored = [.. ScenarioFileInvariants.Lifetimes.Except(Names, StringComparer.Ordinal)];
    }

    /// <summary>The invariants.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The lifetimes that are not looked at.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Whether the VM must be destroyed in the end, as leaks show only then.</summary>
    public bool NeedsDestroy => IsNamed(MmuInvariants.NoTableLeak);

    /// <summary>The checker of the dirty log.</summary>
    /// <returns>A new one; null where nobody asks for it.</returns>
    public DirtyLogComplete? NewDirtyLog() => IsNamed(nameof(DirtyLogCompleteStrict)) ? new DirtyLogCompleteStrict() : IsNamed(nameof(DirtyLogComplete)) ? new DirtyLogComplete() : null;

    /// <summary>The checkers.</summary>
    /// <param name="vm">The VM that they look at.</param>
    /// <param name="dirtyLog">The checker of the dirty log; null for none.</param>
    /// <returns>New ones.</returns>
    public Checker[] NewCheckers(Vm vm, DirtyLogComplete? dirtyLog)
    {
        var checkers = new List<Checker>(Names.Count + 2);
        foreach (string name in Names)
        {
            Checker? checker = name switch
            {
                nameof(NoStaleMapping) => new NoStaleMapping(),
                nameof(NoStaleTlb) => new NoStaleTlb(),
                nameof(GuestMemoryCoherence) => NewCoherence(vm),
                nameof(NotifierBalance) => new NotifierBalance(),
                nameof(TableAccounting) => new TableAccounting(),
                nameof(PageReferences) => new PageReferences(),
                nameof(NoMappingWithoutSlot) => new NoMappingWithoutSlot(),
                nameof(ReadOnlySlot) => new ReadOnlySlot(),
                _ => null, // the dirty log's, and lifetimes, which the machine looks at
            };
            if (checker is not null)
            {
                checkers.Add(checker);
            }
        }

        if (dirtyLog is not null)
        {
            checkers.Add(dirtyLog);
            checkers.Add(new DirtyLogListener(dirtyLog));
        }

        return [.. checkers];
    }

    private FileMemoryCoherence NewCoherence(Vm vm)
    {
        var coherence = new FileMemoryCoherence(memory, dropped, changesMemslots);
        vm.Mm.Tracepoints = coherence;
        return coherence;
    }

    private List<string> Fitting()
    {
        List<string> names = [nameof(NoStaleMapping), nameof(NoStaleTlb), nameof(NotifierBalance), nameof(TableAccounting)];
        AddIf(nameof(GuestMemoryCoherence), Operations().Any(o => o is { Do: "read" } && !IsDropped(o.Gfn!.Value)));
        AddIf(nameof(PageReferences), !Operations().Any(o => o is { Do: "fork" })); // a child has references of its own
        AddIf(nameof(NoMappingWithoutSlot), changesMemslots);
        AddIf(nameof(ReadOnlySlot), Flags().Any(f => (f & MemslotFlags.ReadOnly) != MemslotFlags.None));
        AddIf(nameof(DirtyLogComplete), Flags().Any(f => (f & MemslotFlags.LogDirtyPages) != MemslotFlags.None));
        names.AddRange(ScenarioFileInvariants.Lifetimes);
        return names;

        void AddIf(string name, bool fits)
        {
            if (fits)
            {
                names.Add(name);
            }
        }
    }

    // Pages whose content goes, so that what the guest reads there is not what was written last.
    private HashSet<ulong> DroppedPages()
    {
        var pages = new HashSet<ulong>();
        foreach (ScenarioFileOperation operation in Operations().Where(o => o.Do is "unmap" or "munmap" or "mmap" or "mremap"))
        {
            for (ulong i = 0; i < (operation.Pages ?? 1); i++)
            {
                pages.Add(operation.Page!.Value + i);
                if (operation.To is { } to)
                {
                    pages.Add(to + i);
                }
            }
        }

        return pages;
    }

    private bool IsDropped(ulong gfn) => memory.SlotAt(gfn) is not null && dropped.Contains(memory.PageAt(gfn));

    private IEnumerable<ScenarioFileOperation> Operations() => file.Actors.SelectMany(a => a.Does);

    private IEnumerable<MemslotFlags> Flags() => file.Slots.Select(s => s.Flags).Concat(Operations().Select(o => o.Flags ?? MemslotFlags.None));

    private bool IsNamed(string name) => Names.Contains(name, StringComparer.Ordinal);
}
