using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A VM as scenarios start with it: host memory, memslots that map guest frames to host pages of the same number, vCPUs.</summary>
/// <remarks>Everything is set up on the machine's set-up CPU, so that it costs no steps.</remarks>
public sealed class Vm
{
    private static readonly HostMmParameters Anonymous = new();
    private static readonly HostMmParameters Shmem = new() { ReadFaultMapsZeroPage = false };

    /// <summary>What a scenario can leave out: the host's page_table_lock where KVM looks a page up.</summary>
    public const string PageTableLock = "page_table_lock";

    private const int FramesRemembered = 64;

    private readonly Stage stage;
    private readonly VmOptions options;
    private readonly int slots;

    /// <summary>Sets a VM up.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="parameters">How large.</param>
    /// <param name="mmu">The MMU's name.</param>
    /// <param name="options">What kind.</param>
    /// <exception cref="ArgumentException">There is no such MMU.</exception>
    public Vm(Stage stage, ScenarioParameters parameters, string mmu, VmOptions options)
    {
        if (stage.Machine is not NativeMachine && parameters.Vcpus > ExploredMachine.MaxCpus)
        {
            throw new ArgumentException($"an explored run has at most {ExploredMachine.MaxCpus} actors", nameof(parameters));
        }

        this.stage = stage;
        this.options = options;
        slots = parameters.Slots;
        MmuArchitecture architecture = options.Architecture ?? MmuArchitectures.Find(mmu) ?? throw new ArgumentException($"there is no MMU {mmu}", nameof(mmu));
        Pages = parameters.Pages;
        int hostPages = options.Layout?.HostPages ?? (int)options.Base + Pages + options.SparePages;
        HostMmParameters host = string.Equals(parameters.Backing, "shmem", StringComparison.Ordinal) ? Shmem : Anonymous;
        if (string.Equals(parameters.Without, PageTableLock, StringComparison.Ordinal))
        {
            host = host with { LooksUpWithoutLock = true };
        }

        host = options.Host?.Invoke(host) ?? host;
        Mm = new HostMm(stage.Machine, hostPages, host);
        if (options.Layout is { } layout)
        {
            Populate(layout);
        }
        else if (options.Populate)
        {
            for (ulong page = options.Base; page < (ulong)hostPages; page++)
            {
                Mm.Populate(Hva.OfPage(page), page);
            }
        }

        if (options.Layout is null && string.Equals(parameters.Backing, "anonymous_thp", StringComparison.Ordinal) && options.Populate && hostPages - (int)options.Base > 1)
        {
            Mm.ThpCollapse(stage.Machine.SetupCpu, HvaRange.OfPages(options.Base, (ulong)hostPages - options.Base)).GetResult();
        }

        KvmParameters shape = options.Kvm;
        int physicalCpus = options.MayMigrate ? 2 * parameters.Vcpus : parameters.Vcpus;
        int mostSlots = options.Layout?.MostSlots ?? slots;
        if (shape.PhysicalCpus != physicalCpus || shape.MemslotLimit < mostSlots + 2)
        {
            shape = shape with { PhysicalCpus = physicalCpus, MemslotLimit = Math.Max(shape.MemslotLimit, mostSlots + 2) };
        }

        if (shape.RetriesBeforeSchedule > parameters.Retries)
        {
            shape = shape with { RetriesBeforeSchedule = parameters.Retries };
        }

        if (parameters.Stage2 is { } stage2)
        {
            shape = shape with { Stage2 = stage2 };
        }

        if (shape.EntriesPerTable > architecture.EntriesPerTable)
        {
            shape = shape with { EntriesPerTable = architecture.EntriesPerTable };
        }

        shape = WideEnough(shape, options.Layout?.GuestFrames ?? (ulong)hostPages, architecture.MostLevels);
        Kvm = new Kvm(stage.Machine, Mm, shape, architecture, notifier: options.Notifier);
        for (int i = 0; i < parameters.Vcpus; i++)
        {
            stage.Machine.Memory.Allocator = i + 1; // so that vCPUs can be told to be in the same position
            Kvm.CreateVcpu(options.MayMigrate);
        }

        stage.Machine.Memory.Allocator = 0;

        if (options.CreateSlots)
        {
            CreateSlots(mmu);
        }
    }

    /// <summary>How many pages of memory the guest has.</summary>
    public int Pages { get; }

    /// <summary>The address space of the host process.</summary>
    public HostMm Mm { get; }

    /// <summary>The VM.</summary>
    public Kvm Kvm { get; }

    /// <summary>The first guest frame.</summary>
    public Gfn First => new(options.Base);

    /// <summary>The frames of a memslot as it is in the beginning.</summary>
    /// <param name="slot">Its number.</param>
    /// <returns>The frames.</returns>
    public GfnRange SlotAt(int slot) =>
        new(First + ((ulong)slot * (ulong)Pages / (ulong)slots), First + (((ulong)slot + 1) * (ulong)Pages / (ulong)slots));

    /// <summary>What creates a memslot as it is in the beginning, or as it is but for its flags.</summary>
    /// <param name="slot">Its number.</param>
    /// <param name="flags">Other flags than in the beginning; null for those.</param>
    /// <returns>The region.</returns>
    public UserspaceMemoryRegion RegionOf(int slot, MemslotFlags? flags = null)
    {
        GfnRange gfns = SlotAt(slot);
        return UserspaceMemoryRegion.OfPages(slot, gfns.Start.Value, gfns.Count, gfns.Start.Value, flags ?? options.Flags);
    }

    /// <summary>Adds an actor for vCPU <paramref name="id"/>.</summary>
    /// <param name="id">The vCPU's number.</param>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public VcpuActor AddVcpu(int id, params Message[] script) => AddVcpu(id, Names.Vcpu(id), script);

    /// <summary>Adds an actor for vCPU <paramref name="id"/>.</summary>
    /// <param name="id">The vCPU's number.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public VcpuActor AddVcpu(int id, string name, params Message[] script)
    {
        var actor = new VcpuActor(name, Kvm.Vcpus[id]);
        stage.Add(actor, script);
        return actor;
    }

    /// <summary>Adds a thread of the host's memory management.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public HostMemoryActor AddHost(string name, params Message[] script) => AddHost(name, forks: false, script);

    /// <summary>Adds a thread of the host's memory management.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="forks">Whether it forks.</param>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public HostMemoryActor AddHost(string name, bool forks, params Message[] script)
    {
        var actor = new HostMemoryActor(name, Mm, Kvm.MmuNotifier, forks ? new HostMm(stage.Machine, Mm.Pages, Mm.Parameters, Mm.Memory) : null);
        stage.Add(actor, script);
        return actor;
    }

    /// <summary>Adds the manager of memslots.</summary>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public MemslotActor AddMemslotManager(params Message[] script) => AddMemslotManager("memslots", script);

    /// <summary>Adds the manager of memslots.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="script">What it is asked to do.</param>
    /// <returns>The actor.</returns>
    public MemslotActor AddMemslotManager(string name, params Message[] script)
    {
        var actor = new MemslotActor(name, Kvm);
        stage.Add(actor, script);
        return actor;
    }

    /// <summary>Whether the actors run free, their scripts again and again, so that what is undone must be done again.</summary>
    public bool IsFreeRunning => stage.Machine is NativeMachine;

    /// <summary>What deletes every memslot.</summary>
    /// <returns>The script.</returns>
    public Message[] Deletions() => Enumerable.Range(0, slots).Select(slot => (Message)new SetsMemslot(UserspaceMemoryRegion.Deletion(slot))).ToArray();

    /// <summary>What creates every memslot as it is in the beginning.</summary>
    /// <returns>The script.</returns>
    public Message[] Creations() => Enumerable.Range(0, slots).Select(slot => (Message)new SetsMemslot(RegionOf(slot))).ToArray();

    /// <summary>Has checkers look at the VM while it runs and when it is quiet.</summary>
    /// <param name="checkers">The checkers.</param>
    public void Check(params Checker[] checkers)
    {
        if (IsFreeRunning)
        {
            var statistics = new VmStatistics(Kvm);
            statistics.ReportTo(stage);
            checkers = [.. checkers, statistics];
        }

        if (stage.Machine.Memory.Observer is not null)
        {
            foreach (Checker checker in checkers)
            {
                checker.Memory = stage.Machine.Memory.Allocate(checker.Name, FramesRemembered, BlockKind.Static);
            }
        }

        var set = new CheckerSet(checkers);
        Kvm.Tracepoints = set;
        stage.CheckAtEnd(() => set.AtEnd(Kvm));
    }

    /// <summary>Has a guest access through vCPU 0 happen before anything else, so that a frame is mapped.</summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="write">Whether the access writes what is there already, so that the mapping lets writes through.</param>
    public void Touch(Gfn gfn, bool write = false) => Invariant.Holds(TryTouch(gfn, write, gfn.Value), "a frame that a scenario maps in advance has memory");

    /// <summary>The same where the access may fail.</summary>
    /// <param name="gfn">The frame.</param>
    /// <param name="write">Whether the access is a write.</param>
    /// <param name="content">What it writes.</param>
    /// <returns>Whether the frame is mapped; false where KVM takes the access for MMIO.</returns>
    public bool TryTouch(Gfn gfn, bool write, ulong content)
    {
        GuestAccess access = write
            ? Kvm.Vcpus[0].GuestWrite(stage.Machine.SetupCpu, gfn.Gpa, content).GetResult()
            : Kvm.Vcpus[0].GuestRead(stage.Machine.SetupCpu, gfn.Gpa).GetResult();
        return access.IsDone;
    }

    /// <summary>Empties the TLBs, so that the next access walks.</summary>
    public void FlushTlbs()
    {
        foreach (HostCpu cpu in Kvm.HostCpus)
        {
            cpu.Tlb.FlushAll();
        }
    }

    /// <summary>Has the VM destroyed in the end, and looks whether anything is left.</summary>
    public void DestroyAtEnd()
    {
        stage.CheckAtEnd(() =>
        {
            if (stage.Machine.Violation is null)
            {
                Kvm.Destroy(stage.Machine.SetupCpu).GetResult();
            }
        });
        stage.CheckLeaks();
    }

    // Small tables are for small guests.
    private static KvmParameters WideEnough(KvmParameters shape, ulong frames, int mostLevels)
    {
        while (new PageTableGeometry(shape.Levels, shape.EntriesPerTable).Frames < frames)
        {
            shape = shape.Levels < mostLevels ? shape with { Levels = shape.Levels + 1 } : shape with { EntriesPerTable = shape.EntriesPerTable * 2 };
        }

        if (shape.Stage2 is { } stage2)
        {
            while (1UL << stage2.FrameBits < frames)
            {
                stage2 = stage2.Twice();
            }

            shape = shape with { Stage2 = stage2 };
        }

        return shape;
    }

    private void Populate(VmLayout layout)
    {
        foreach ((ulong page, ulong content) in layout.Populated)
        {
            Mm.Populate(Hva.OfPage(page), content);
        }

        foreach (HvaRange range in layout.Huge)
        {
            Mm.ThpCollapse(stage.Machine.SetupCpu, range).GetResult();
        }
    }

    private void CreateSlots(string mmu)
    {
        foreach (UserspaceMemoryRegion region in options.Layout?.Regions ?? [])
        {
            int error = Kvm.SetMemoryRegion(stage.Machine.SetupCpu, region).GetResult();
            if (error != 0)
            {
                throw new ArgumentException($"MMU {mmu} refuses slot {region.Slot} with error {error}", nameof(mmu));
            }
        }

        for (int slot = 0; slot < slots && options.Layout is null; slot++)
        {
            int error = Kvm.SetMemoryRegion(stage.Machine.SetupCpu, RegionOf(slot)).GetResult();
            Invariant.Holds(error == 0, "a scenario's memslots can be created");
        }
    }
}
