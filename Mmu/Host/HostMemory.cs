using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

/// <summary>The host's page frames.</summary>
/// <remarks>
/// Mirrors: the page allocator for order-0 user pages, get_page(), put_page(), pfn_to_page().
/// Differs: allocating is no step, takes no lock and never fails. A frame number is not given again (explored) or only much later (free-running),
/// and never with the same <see cref="Frame"/>, so that a stale number is recognised.
/// </remarks>
public sealed class HostMemory
{
    private readonly Multiprocessor machine;
    private readonly NumberTable<Frame> frames;

    /// <summary>Memory in which only the page of zeroes is in use.</summary>
    /// <param name="machine">The machine it is in.</param>
    public HostMemory(Multiprocessor machine)
    {
        this.machine = machine;
        frames = new NumberTable<Frame>(machine);
        ZeroPage = Create(isZeroPage: true);
    }

    /// <summary>ZERO_PAGE: what reads of never written anonymous memory find; pfn 1.</summary>
    public Frame ZeroPage { get; }

    /// <summary>The highest frame number given so far; the lowest is 1.</summary>
    public Pfn LastPfn => new(frames.Last);

    /// <summary>pfn_to_page: the frame with that number, in use or freed.</summary>
    /// <returns>The frame; it must exist.</returns>
    public Frame FrameAt(Pfn pfn)
    {
        Frame? frame = frames[pfn.Value];
        Invariant.Holds(frame is not null, "a frame number belongs to a frame");
        return frame;
    }

    /// <summary>pfn_to_page where the number may be anything: a stage-2 entry read from a page that is no page table any more.</summary>
    /// <returns>The frame, in use or freed; null where there never was one.</returns>
    public Frame? FindFrame(Pfn pfn) => frames[pfn.Value];

    /// <summary>alloc_zeroed_user_highpage_movable: a zero-filled page with one reference, the caller's.</summary>
    /// <returns>The frame.</returns>
    public Frame Allocate() => Create(isZeroPage: false);

    /// <summary>get_page: takes one more reference.</summary>
    /// <param name="frame">A page on which a reference is held already, or that is mapped under the page_table_lock held.</param>
    /// <returns>When it is taken.</returns>
    public Step Get(Cpu cpu, Frame frame, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        frame.IsZeroPage ? default : cpu.AtomicAdd(frame.RefCount, 1, file, line);

    /// <summary>put_page: gives a reference back; the last one frees the page.</summary>
    /// <returns>Whether the page was freed.</returns>
    public ConvertedStep<(HostMemory Memory, Cpu Putter, Frame Frame), bool> Put(Cpu cpu, Frame frame, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (frame.IsZeroPage ? new Step(1) : cpu.AddReturn(frame.RefCount, -1, file, line)).Then((Memory: this, Putter: cpu, Frame: frame), static (at, left) =>
        {
            if (left != 0)
            {
                return false;
            }

            at.Memory.Free(at.Putter, at.Frame);
            return true;
        });

    /// <summary>Frees a page that nobody else has seen.</summary>
    internal void Free(Cpu cpu, Frame frame)
    {
        machine.Memory.Free(cpu, frame.Block);
        frames.Retire(frame.Pfn.Value);
    }

    private Frame Create(bool isZeroPage)
    {
        ulong number = frames.Take();
        var frame = new Frame(machine, new Pfn(number), isZeroPage);
        frames.Set(number, frame);
        return frame;
    }
}
