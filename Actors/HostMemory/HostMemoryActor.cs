using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Actors;

/// <summary>The host's memory management, on a thread of its own: it changes mappings and tells the notifiers.</summary>
/// <param name="name">What people call it.</param>
/// <param name="mm">The address space it changes.</param>
/// <param name="notifier">The VM's notifier, for <see cref="ReleasesNotifier"/>.</param>
/// <param name="child">The child's address space, for <see cref="ForksPages"/>; null where it never forks.</param>
public sealed class HostMemoryActor(string name, HostMm mm, IMmuNotifier notifier, HostMm? child = null) : Actor(name)
{
    private const int Kinds = 9;
    private const ulong MostUnmapped = 4;
    private const ulong HostValue = 1; // always the same, so that KSM finds something to merge

    private bool hasForked;

    /// <summary>Whose thread handles a message now; null between messages.</summary>
    public Cpu? ActiveCpu { get; private set; }

    /// <summary>The pages that the message in hand is about; empty for all.</summary>
    public HvaRange ActiveRange { get; private set; }

    /// <inheritdoc/>
    public override bool IsInterchangeable => true;

    /// <inheritdoc/>
    public override async Coroutine Receive(Cpu cpu, Message message)
    {
        ActiveCpu = cpu;
        ActiveRange = default;
        switch (message)
        {
            case UnmapsPages unmap:
                await mm.Unmap(cpu, Active(unmap.First, unmap.Count), unmap.MayBlock);
                break;
            case MunmapsPages munmap:
                await mm.Munmap(cpu, Active(munmap.First, munmap.Count));
                break;
            case MapsPages { Replaces: true } replace:
                await mm.MapFixed(cpu, Active(replace.First, replace.Count));
                break;
            case MapsPages map:
                await mm.Map(cpu, Active(map.First, map.Count));
                break;
            case MigratesPage migrate:
                await mm.Migrate(cpu, Active(migrate.Page, 1).Start);
                break;
            case WritesPage write:
                await mm.HostWrite(cpu, Active(write.Page, 1).Start, write.Value);
                break;
            case MergesPages merge:
                await mm.KsmMerge(cpu, Hva.OfPage(merge.First), Hva.OfPage(merge.Second));
                break;
            case CollapsesPages collapse:
                await mm.ThpCollapse(cpu, Active(collapse.First, collapse.Count));
                break;
            case SplitsPages split:
                await mm.ThpSplit(cpu, Active(split.First, split.Count));
                break;
            case AgesPages age:
                await mm.Age(cpu, Active(age.First, age.Count), age.Flush);
                break;
            case TestsPage test:
                await mm.TestYoung(cpu, Active(test.Page, 1).Start);
                break;
            case ChangesAnyPages any:
                for (int i = 0; i < any.Count; i++)
                {
                    await ChangeAny(cpu, any.First, any.Pages);
                }

                break;
            case RemapsPages remap:
                await mm.Mremap(cpu, remap.First, remap.Count, remap.To);
                break;
            case MovesPages move:
                await mm.MremapTo(cpu, HvaRange.OfPages(move.First, move.Count), move.To);
                break;
            case ProtectsPages protect:
                await mm.Mprotect(cpu, Active(protect.First, protect.Count), protect.Flags);
                break;
            case ForksPages fork:
                await Fork(cpu, Active(fork.First, fork.Count));
                break;
            case ReapsMemory:
                await mm.OomReap(cpu);
                break;
            case ReleasesMemory:
                await mm.Release(cpu);
                break;
            case ReleasesNotifier:
                await notifier.Release(cpu);
                break;
            default:
                throw new ArgumentException($"the host's memory management knows no {message}", nameof(message));
        }

        ActiveCpu = null;
    }

    private async Coroutine Fork(Cpu cpu, HvaRange range)
    {
        if (child is null)
        {
            throw new InvalidOperationException($"{Name} has no address space for a child");
        }

        if (hasForked)
        {
            await child.Unmap(cpu, HvaRange.OfPages(0, (ulong)child.Pages));
        }

        hasForked = true;
        await mm.Fork(cpu, child, range);
    }

    private async Coroutine ChangeAny(Cpu cpu, ulong first, ulong pages)
    {
        ulong page = first + await Chance.Below(cpu, pages);
        ulong pair = page & ~1UL; // never in two tables of the host
        ulong pairCount = Math.Min(2, (ulong)mm.Pages - pair);
        switch (await cpu.Choose(Kinds))
        {
            case 0:
                ulong most = Math.Min(MostUnmapped, first + pages - page);
                await mm.Unmap(cpu, Active(page, 1 + await Chance.Below(cpu, most)));
                break;
            case 1:
                await mm.Migrate(cpu, Active(page, 1).Start);
                break;
            case 2:
                await mm.HostWrite(cpu, Active(page, 1).Start, HostValue);
                break;
            case 3:
                await mm.KsmMerge(cpu, Hva.OfPage(page), Hva.OfPage(first + await Chance.Below(cpu, pages)));
                break;
            case 4:
                await mm.ThpCollapse(cpu, Active(pair, pairCount));
                break;
            case 5:
                await mm.ThpSplit(cpu, Active(pair, pairCount));
                break;
            case 6:
                await mm.Age(cpu, Active(page, 1), flush: false);
                break;
            case 7:
                await mm.Age(cpu, Active(page, 1), flush: true);
                break;
            default:
                await mm.TestYoung(cpu, Active(page, 1).Start);
                break;
        }
    }

    private HvaRange Active(ulong first, ulong count) => ActiveRange = HvaRange.OfPages(first, count);
}
