namespace MmuStress.Mmu;

/// <summary>The MMUs that can be put under test.</summary>
public static class MmuArchitectures
{
    /// <summary>LoongArch as posted in February 2023.</summary>
    public static MmuArchitecture LoongArchV3 { get; } =
        new("loongarch-v3", "LoongArch as posted in v3, February 2023: inclusive ranges, check under mmu_lock", static kvm => new LoongArchV3(kvm));

    /// <summary>LoongArch as posted in August 2023.</summary>
    public static MmuArchitecture LoongArchV20 { get; } =
        new("loongarch-v20", "LoongArch as posted in v20, August 2023: the retry check is outside mmu_lock", static kvm => new LoongArchV20(kvm));

    /// <summary>LoongArch as merged.</summary>
    public static MmuArchitecture LoongArch { get; } =
        new("loongarch", "LoongArch as merged, at commit 0fe133a33e4c, without huge pages", static kvm => new LoongArchMerged(kvm));

    /// <summary>LoongArch as merged and mended.</summary>
    public static MmuArchitecture LoongArchMended { get; } =
        new("loongarch-mended", "LoongArch as merged, with release and every flush under mmu_lock, and a flush before every freed table", static kvm => new LoongArchMended(kvm));

    /// <summary>ARM as posted in 2012.</summary>
    public static MmuArchitecture Arm2012 { get; } =
        new("arm-2012", "ARM as posted in 2012: tables freed by page count, pgd_lock, no retry, no TLB flush", static kvm => new Arm2012(kvm)) { MostLevels = 3 };

    /// <summary>arm64 as posted in 2014.</summary>
    public static MmuArchitecture Arm64Of2014 { get; } =
        new("arm64-2014", "arm64 as posted in 2014: concatenated root tables below a fake pgd, counted tables", static kvm => new Arm64Of2014(kvm)) { MostLevels = 3 };

    /// <summary>arm64 as it is today.</summary>
    public static MmuArchitecture Arm64 { get; } =
        new("arm64", "arm64 today: faults in parallel, break before make, blocks and RCU, VMIDs by an allocator", static kvm => new Arm64Mmu(kvm)) { HasMmuRwLock = true };

    /// <summary>MIPS.</summary>
    public static MmuArchitecture Mips { get; } =
        new("mips", "MIPS with hardware virtualisation, May 2021: ASIDs by physical CPU, and a mask of those to renew", static kvm => new MipsMmu(kvm));

    /// <summary>x86, the TDP MMU of today.</summary>
    public static MmuArchitecture X86 { get; } =
        new("x86", "x86's TDP MMU, at commit 0089c055b560, without huge pages: faults share mmu_lock, or take none", static kvm => new X86Mmu(kvm)) { HasMmuRwLock = true, EntriesPerTable = 4 };

    /// <summary>LoongArch's, oldest first.</summary>
    public static IReadOnlyList<MmuArchitecture> OfLoongArch { get; } = [LoongArchV3, LoongArchV20, LoongArch, LoongArchMended];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<MmuArchitecture> All { get; } = [.. OfLoongArch, Arm2012, Arm64Of2014, Arm64, Mips, X86];

    /// <summary>The MMU called <paramref name="name"/>.</summary>
    /// <param name="name">A name.</param>
    /// <returns>The MMU, or null where none is called so.</returns>
    public static MmuArchitecture? Find(string name)
    {
        foreach (MmuArchitecture architecture in All)
        {
            if (string.Equals(architecture.Name, name, StringComparison.Ordinal))
            {
                return architecture;
            }
        }

        return null;
    }
}
