using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A notifier that does something at each end.</summary>
internal sealed class EndNotifier(Action onEnd) : IMmuNotifier
{
    public Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock) => Coroutine.Completed;

    public Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true)
    {
        onEnd();
        return Coroutine.Completed;
    }

    public Coroutine<bool> ClearFlushYoung(Cpu cpu, HvaRange range) => new(false);

    public Coroutine<bool> ClearYoung(Cpu cpu, HvaRange range) => new(false);

    public Coroutine<bool> TestYoung(Cpu cpu, Hva hva) => new(false);

    public Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte) => Coroutine.Completed;

    public Coroutine Release(Cpu cpu) => Coroutine.Completed;
}
