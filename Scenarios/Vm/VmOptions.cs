using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>What kind of VM a scenario starts with.</summary>
public sealed record VmOptions
{
    /// <summary>The first guest frame, and the number of the first host page.</summary>
    public ulong Base { get; init; } = 1;

    /// <summary>Whether the host has pages there from the start, each holding its number; else it faults them in.</summary>
    public bool Populate { get; init; } = true;

    /// <summary>Where memory is; null for as many pages from <see cref="Base"/> on as the parameters say.</summary>
    public VmLayout? Layout { get; init; }

    /// <summary>Whether memslots exist from the start.</summary>
    public bool CreateSlots { get; init; } = true;

    /// <summary>The flags of the memslots.</summary>
    public MemslotFlags Flags { get; init; }

    /// <summary>Whether vCPU threads can be moved between physical CPUs.</summary>
    public bool MayMigrate { get; init; }

    /// <summary>How many host pages there are beyond those of the guest.</summary>
    public int SparePages { get; init; }

    /// <summary>The code that is there instead of the named MMU's, as it was before it was mended; null for that.</summary>
    public MmuArchitecture? Architecture { get; init; }

    /// <summary>Makes the notifier, for one as posted or as it was before it was mended; null for today's.</summary>
    public Func<Kvm, KvmMmuNotifier>? Notifier { get; init; }

    /// <summary>What is chosen for the host beside its backing.</summary>
    public Func<HostMmParameters, HostMmParameters>? Host { get; init; }

    /// <summary>The VM's parameters, except for the number of physical CPUs.</summary>
    public KvmParameters Kvm { get; init; } = new() { RetriesBeforeSchedule = 2 };
}
