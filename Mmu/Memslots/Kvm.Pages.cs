using System.Runtime.CompilerServices;

namespace MmuStress.Mmu;

// From guest frames to host pages, and what is done to a host page by its number.
public sealed partial class Kvm
{
    /// <summary>gfn_to_pfn_prot(): looks up the page behind a guest frame as the host maps it now, and takes a reference.</summary>
    /// <remarks>
    /// Mirrors: gfn_to_pfn_prot(), __gfn_to_pfn_memslot(), hva_to_pfn(), virt/kvm/kvm_main.c (v6.8).
    /// Locking: kvm->srcu; sleeps. May fault the page in and break copy-on-write, whose notification is this thread's own.
    /// Differs: a page that is not backed by a frame (VM_PFNMAP) is an error.
    /// </remarks>
    /// <param name="cpu">The vCPU's thread.</param>
    /// <param name="gfn">The frame.</param>
    /// <param name="write">Whether the guest writes.</param>
    /// <returns>The page, and whether it may be mapped writable; not Ok where is_error_noslot_pfn() holds.</returns>
    public async Coroutine<UserPage> GfnToPfnProt(Cpu cpu, Gfn gfn, bool write)
    {
        Memslot? slot = await GfnToMemslot(cpu, gfn);
        if (!TryGfnToHvaMemslotProt(cpu, slot, gfn, out Hva hva, out bool writable) || (write && !writable))
        {
            cpu.Log($"  gfn_to_pfn_prot() => error");
            return default;
        }

        UserPage page = await Mm.GetUserPage(cpu, hva, write);
        if (page.Ok)
        {
            cpu.Log($"  gfn_to_pfn_prot() => pfn {page.Pfn}");
        }
        else
        {
            cpu.Log($"  gfn_to_pfn_prot() => error");
        }

        return new UserPage(page.Frame, page.Writable && writable);
    }

    /// <summary>kvm_set_pfn_accessed(): whoever calls it must have a reference, or the page may be anybody's by now.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="pfn">The page.</param>
    /// <returns>When it is done.</returns>
    public Step SetPfnAccessed(Cpu cpu, Pfn pfn) => Mm.Memory.FrameAt(pfn).MarkAccessed(cpu);

    /// <summary>kvm_set_pfn_dirty(): whoever calls it must have a reference, or the page may be anybody's by now.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="pfn">The page.</param>
    /// <returns>When it is done.</returns>
    public Step SetPfnDirty(Cpu cpu, Pfn pfn) => Mm.Memory.FrameAt(pfn).MarkDirty(cpu);

    /// <summary>kvm_release_pfn_clean(), put_page(): gives a reference back.</summary>
    /// <param name="cpu">The caller.</param>
    /// <param name="page">The page.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>Whether that freed it.</returns>
    public ConvertedStep<(HostMemory Memory, Cpu Putter, Frame Frame), bool> ReleasePfnClean(
        Cpu cpu, Frame page, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Mm.Memory.Put(cpu, page, file, line);
}
