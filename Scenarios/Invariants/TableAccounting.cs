using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I5: a page-table page is linked once or in a vCPU's cache or free; in the end nothing else is allocated.</summary>
public sealed class TableAccounting : Checker
{
    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        var linked = new HashSet<ulong>();
        if (kvm.Arch.Roots.Count == 0 || kvm.Arch.Roots[0].IsFreed)
        {
            return;
        }

        foreach (MmuStress.Machine.Page root in kvm.Arch.Roots)
        {
            Count(kvm, root, kvm.Arch.Geometry.RootLevel, linked);
        }

        int cached = 0;
        foreach (Vcpu vcpu in kvm.Vcpus)
        {
            cached += vcpu.MmuPageCache.Count;
        }

        int expected = kvm.Arch.Roots.Count + linked.Count + kvm.Arch.TablesAwaitingFree + cached;
        if (kvm.Machine.Memory.AllocatedPages != expected)
        {
            kvm.Machine.Report(
                new MmuStress.Machine.Violation(
                    nameof(TableAccounting),
                    $"{kvm.Machine.Memory.AllocatedPages} page-table pages are allocated, {expected} are linked or cached"),
                null);
        }
    }

    private static void Count(Kvm kvm, MmuStress.Machine.Page table, int level, HashSet<ulong> linked)
    {
        for (int i = 0; level > 0 && i < kvm.Arch.Geometry.EntriesPerTable; i++)
        {
            if (!kvm.Arch.TryDecodeTable(table.Words[i], level, out ulong frame) || kvm.Machine.Memory.PageAt(frame) is not { } child)
            {
                continue;
            }

            if (!linked.Add(frame) || child.IsFreed)
            {
                string how = child.IsFreed ? "is free" : "is linked twice";
                kvm.Machine.Report(new MmuStress.Machine.Violation(nameof(TableAccounting), $"a page-table page of level {level - 1} that is linked {how}"), null);
                return;
            }

            Count(kvm, child, level - 1, linked);
        }
    }
}
