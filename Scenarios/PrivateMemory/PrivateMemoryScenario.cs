using MmuStress.Actors;
using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>A guest with private memory: one page, one vCPU, user space that converts the page, and what else the scenario has.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What happens in it.</param>
/// <param name="expectation">What is expected of it.</param>
/// <param name="attributes">Makes the code that converts.</param>
internal abstract class PrivateMemoryScenario(string name, string summary, Expectation expectation, Func<Kvm, MemoryAttributes> attributes) : Scenario
{
    /// <summary>The page.</summary>
    protected static readonly Gfn Page = new(1);

    private const int Pages = 2;

    private static readonly KvmParameters Shape = new() { Levels = 2, EntriesPerTable = 4, PhysicalCpus = 1, RetriesBeforeSchedule = 0 };

    private readonly MmuArchitecture architecture = new("loongarch-protected", summary, kvm => new LoongArchProtected(kvm, attributes(kvm)));

    /// <inheritdoc/>
    public sealed override string Name => name;

    /// <inheritdoc/>
    public sealed override string Summary => summary;

    /// <inheritdoc/>
    public sealed override bool HasMmu => false;

    /// <inheritdoc/>
    public sealed override ScenarioParameters Defaults { get; } = new() { Vcpus = 1, Notifiers = 0 };

    /// <inheritdoc/>
    public sealed override IReadOnlyList<Expectation> Expectations { get; } = [expectation];

    /// <inheritdoc/>
    public sealed override void Build(Stage stage, ScenarioParameters parameters, string mmu)
    {
        var mm = new HostMm(stage.Machine, Pages);
        mm.Populate(Hva.OfPage(Page.Value), Page.Value);
        var kvm = new Kvm(stage.Machine, mm, Shape, architecture);
        kvm.CreateVcpu();
        int error = kvm.SetMemoryRegion(stage.Machine.SetupCpu, UserspaceMemoryRegion.OfPages(0, Page.Value, 1, Page.Value)).GetResult();
        Invariant.Holds(error == 0, "a scenario's memslot can be created");
        var arch = (LoongArchProtected)kvm.Arch;
        Prepare(stage.Machine.SetupCpu, arch);
        var checker = new PrivateMemoryChecker(arch);
        kvm.Tracepoints = checker;
        mm.Tracepoints = checker;
        stage.CheckAtEnd(checker.AtEnd);
        Cast(stage, arch);
    }

    /// <summary>What happens before anything else.</summary>
    /// <param name="cpu">Who does it.</param>
    /// <param name="arch">The MMU.</param>
    protected virtual void Prepare(Cpu cpu, LoongArchProtected arch)
    {
    }

    /// <summary>Adds the actors.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="arch">The MMU.</param>
    protected abstract void Cast(Stage stage, LoongArchProtected arch);

    /// <summary>Adds the vCPU.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="arch">The MMU.</param>
    /// <param name="script">What it does.</param>
    protected static void AddVcpu(Stage stage, LoongArchProtected arch, params Message[] script) =>
        stage.Add(new VcpuActor(Names.Vcpu(0), arch.Kvm.Vcpus[0]), script);

    /// <summary>Adds user space that converts the page: to private, then to shared, ...</summary>
    /// <param name="stage">Where.</param>
    /// <param name="arch">The MMU.</param>
    /// <param name="isPrivate">What it becomes each time.</param>
    protected static void AddConverter(Stage stage, LoongArchProtected arch, params bool[] isPrivate) =>
        stage.Add(new MemoryAttributesActor("converter", arch.Attributes), isPrivate.Select(p => (Message)new ConvertsMemory(new GfnRange(Page, Page.Next), p)).ToArray());

    /// <summary>Adds the host.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="arch">The MMU.</param>
    /// <param name="script">What it does.</param>
    protected static void AddHost(Stage stage, LoongArchProtected arch, params Message[] script) => stage.Add(new HostAccessActor("host", arch.Kvm.Mm), script);

    /// <summary>Converts the page before anything else.</summary>
    /// <param name="cpu">Who does it.</param>
    /// <param name="arch">The MMU.</param>
    /// <param name="isPrivate">What it becomes.</param>
    protected static void Convert(Cpu cpu, LoongArchProtected arch, bool isPrivate)
    {
        int error = arch.Attributes.SetMemAttributes(cpu, new GfnRange(Page, Page.Next), isPrivate ? MemoryAttributes.Private : 0).GetResult();
        Invariant.Holds(error == 0, "a scenario's page can be converted");
    }
}
