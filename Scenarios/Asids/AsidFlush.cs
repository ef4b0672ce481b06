using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>
/// A notification over two memslots while vCPUs are in the guest: MIPS marks every CPU, and only the requests that follow make anybody look (S4-7, I2).
/// ASIDs are 1 bit wide, so that a new one always begins a new cycle.
/// </summary>
/// <param name="variant">What is different about MIPS: "before", "ordered", or nothing.</param>
public sealed class AsidFlush(string variant) : VmScenario
{
    private static readonly Message[] ReadsTwice = [new GuestReads(new Gfn(1)), new GuestReads(new Gfn(1))];
    private static readonly MmuArchitecture FlushesNobody = new("mips", "MIPS whose kvm_arch_flush_remote_tlb() returns 0", static kvm => new MipsFlushesNobody(kvm));
    private static readonly MmuArchitecture Ordered = new("mips", "MIPS with a barrier before it marks CPUs", static kvm => new MipsOrdered(kvm));

    /// <inheritdoc/>
    public override string Name => variant.Length == 0 ? "asid-flush" : "asid-flush-" + variant;

    /// <inheritdoc/>
    public override string Summary => "MIPS marks CPUs for new ASIDs and asks vCPUs to look" + variant switch
    {
        "before" => ", but kvm_arch_flush_remote_tlb() returns 0",
        "ordered" => ", with a barrier before it",
        _ => "",
    };

    /// <inheritdoc/>
    protected override IReadOnlyList<Expectation> LoongArchExpectations => [];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Options { get; } = new()
    {
        Architecture = variant switch
        {
            "before" => FlushesNobody,
            "ordered" => Ordered,
            _ => null,
        },
        Kvm = new KvmParameters { VpidBits = 1, RetriesBeforeSchedule = 2 },
    };

    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Slots = 2, BytesPerVcpu = 2 * ScenarioParameters.PageSize };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First);
        vm.FlushTlbs();
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, ReadsTwice);
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), Scripts.Unmaps(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new NoStaleTlb(), new NotifierBalance());
    }
}
