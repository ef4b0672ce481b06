using MmuStress.Machine;

namespace MmuStress.Mmu.Tests;

/// <summary>A notifier that writes down how it is called, and what the host's page table says at that moment.</summary>
internal sealed class RecordingNotifier(HostMm mm) : IMmuNotifier
{
    public List<string> Calls { get; } = [];

    public bool Young { get; set; }

    public int Releases { get; private set; }

    public string Text => string.Join("; ", Calls);

    public Coroutine InvalidateRangeStart(Cpu cpu, HvaRange range, bool mayBlock) => Note($"start{range}{(mayBlock ? "" : " nonblock")}", range.Start);

    public Coroutine InvalidateRangeEnd(Cpu cpu, HvaRange range, bool mayBlock = true) => Note($"end{range}{(mayBlock ? "" : " nonblock")}", range.Start);

    public Coroutine<bool> ClearFlushYoung(Cpu cpu, HvaRange range) => Answer($"clear_flush_young{range}", cpu, range.Start);

    public Coroutine<bool> ClearYoung(Cpu cpu, HvaRange range) => Answer($"clear_young{range}", cpu, range.Start);

    public Coroutine<bool> TestYoung(Cpu cpu, Hva hva) => Answer($"test_young {hva}", cpu, hva);

    public Coroutine ChangePte(Cpu cpu, Hva hva, HostPte pte)
    {
        mm.PageTableLock(hva).AssertHeld(cpu);
        return Note($"change_pte {hva} -> {pte}", hva);
    }

    public Coroutine Release(Cpu cpu)
    {
        Releases++;
        Calls.Add("release");
        return Coroutine.Completed;
    }

    private Coroutine Note(string call, Hva hva)
    {
        Calls.Add($"{call} at {mm.Peek(hva)}");
        return Coroutine.Completed;
    }

    private Coroutine<bool> Answer(string call, Cpu cpu, Hva hva)
    {
        mm.PageTableLock(hva).AssertHeld(cpu);
        Calls.Add(call);
        return new Coroutine<bool>(Young);
    }
}
