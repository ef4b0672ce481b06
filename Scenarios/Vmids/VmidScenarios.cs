namespace MmuStress.Scenarios;

/// <summary>The scenarios about VMIDs: two physical CPUs, VMIDs 1 to 3.</summary>
internal static class VmidScenarios
{
    private static readonly int[][] OneVm = [[0], [0]];

    private static readonly int[] Nothing = [];

    // VMs that are gone have had VMIDs 1 and 2: 3 is the last.
    private static readonly int[] TwoGone = [4, 5];

    // The second CPU needs a VMID when the first has taken the last one, and then one for the VM that has it.
    private static readonly int[][] Rollover = [[0], [1, 0]];

    // VM 0 has VMID 1, VMs that are gone have had 2 and 3: the next one needed is one too many.
    private static readonly int[] AllGiven = [0, 4, 5];

    // The second CPU needs one while the first runs VM 0, then runs VM 0 as well; a third VM needs one, too.
    private static readonly int[][] ThreeVms = [[0, 2, 1], [1, 0, 2]];

    // The second CPU runs out of VMIDs twice while the first runs VM 0.
    private static readonly int[][] FourVms = [[0, 0], [1, 2, 3]];

    /// <summary>arm64's allocator of today under rollover.</summary>
    public static VmidScenario AllocatorRollover { get; } = new(
        "vmid-rollover", "three VMs run out of VMIDs on two CPUs, by arm64's allocator", AllGiven, ThreeVms,
        static (machine, host, _) => new AllocatedVmids(machine, host, ThreeVms.Length));

    /// <summary>arm64's allocator of today, where VMIDs run out twice while a guest runs.</summary>
    public static VmidScenario AllocatorTwice { get; } = new(
        "vmid-rollover-twice", "VMIDs run out twice while a guest runs on another CPU, by arm64's allocator", AllGiven, FourVms,
        static (machine, host, _) => new AllocatedVmids(machine, host, FourVms.Length));

    /// <summary>The scheme of 2012: a VM's first VMID.</summary>
    public static VmidScenario GenerationBefore { get; } = new(
        "vmid-generation-before", "two vCPUs of a VM need its first VMID, by generations of 2012", Nothing, OneVm,
        static (machine, host, _) => new GenerationVmids(machine, host))
    {
        Expected = Expectation.Violated("", "f0cf47d939d0", VmidHost.VmidUnique),
    };

    /// <summary>The scheme of 2018, under a rwlock: a VM's first VMID.</summary>
    public static VmidScenario Generation { get; } = new(
        "vmid-generation", "two vCPUs of a VM need its first VMID, by generations under a rwlock", Nothing, OneVm,
        static (machine, host, _) => new GenerationVmidsWithRwLock(machine, host));

    /// <summary>The scheme of 2018, under a rwlock: rollover.</summary>
    public static VmidScenario LocklessBefore { get; } = new(
        "vmid-lockless-before", "two VMs run out of VMIDs, by generations under a rwlock", TwoGone, Rollover,
        static (machine, host, _) => new GenerationVmidsWithRwLock(machine, host))
    {
        Expected = Expectation.Violated("", "fb544d1ca65a", VmidHost.VmidUnique).AfterPreemptions(3),
    };

    /// <summary>The scheme of 2019, without a lock: rollover.</summary>
    public static VmidScenario Lockless { get; } = new(
        "vmid-lockless", "two VMs run out of VMIDs, by generations that are checked without a lock", TwoGone, Rollover,
        static (machine, host, parameters) => new LocklessGenerationVmids(machine, host, string.Equals(parameters.Without, VmidScenario.Wmb, StringComparison.Ordinal)))
    {
        HasWmb = true,
    };

    /// <summary>The allocator with VTTBR_EL2 programmed first.</summary>
    public static VmidScenario VttbrBefore { get; } = new(
        "vmid-vttbr-before", "two vCPUs of a VM program VTTBR_EL2 before a VMID is attached", Nothing, OneVm,
        static (machine, host, _) => new VmidsAfterVttbr(machine, host, OneVm.Length))
    {
        Expected = Expectation.Violated("", "fa808ed4e199", VmidHost.VmidUnique),
    };

    /// <summary>The allocator with VTTBR_EL2 programmed last.</summary>
    public static VmidScenario Vttbr { get; } = new(
        "vmid-vttbr", "two vCPUs of a VM attach a VMID before VTTBR_EL2 is programmed", Nothing, OneVm,
        static (machine, host, _) => new AllocatedVmids(machine, host, OneVm.Length));
}
