using MmuStress.Actors;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>The fast path makes an entry writable while a notification zaps it: that the guest has written must get to the host's page (Z07).</summary>
/// <remarks>The host changes how it maps the page and keeps it. The entry was write-protected for the dirty log before, so that the write is by the fast path.</remarks>
/// <param name="isBefore">Whether the entry is overwritten and not exchanged, as before ba3a6120a4e7.</param>
public sealed class FastFaultVsZap(bool isBefore) : X86History(
    "fast-fault-vs-zap", "the fast path makes an entry writable while a notification zaps it", isBefore ? X86Variants.OverwritingVolatileBits : null,
    Before(isBefore, "ba3a6120a4e7", nameof(HostPageDirty)))
{
    /// <inheritdoc/>
    public override ScenarioParameters Defaults { get; } = new() { Vcpus = 1 };

    /// <inheritdoc/>
    protected override IReadOnlyList<string> Lifetime { get; } = [NoPageUseAfterFree];

    /// <inheritdoc/>
    protected override VmOptions Shape { get; } = new() { Flags = MemslotFlags.LogDirtyPages, Kvm = Small(NeedBreak.Never) };

    /// <inheritdoc/>
    protected override void Cast(Stage stage, Vm vm, ScenarioParameters parameters)
    {
        vm.Touch(vm.First, write: true);
        vm.Kvm.GetDirtyLog(stage.Machine.SetupCpu, 0, new ulong[(vm.Pages + 63) / 64]).GetResult();
        vm.Mm.Memory.FrameAt(vm.Mm.Peek(Hva.OfPage(vm.First.Value)).Pfn).Flags.Initialise(0); // the host has written it back
        for (int id = 0; id < parameters.Vcpus; id++)
        {
            vm.AddVcpu(id, Scripts.Writes(vm.First, 1));
        }

        for (int id = 0; id < parameters.Notifiers; id++)
        {
            vm.AddHost(Names.Notifier(id), new SplitsPages(vm.First.Value, (ulong)vm.Pages));
        }

        vm.Check(new HostPageDirty(), new NoStaleTlb());
    }
}
