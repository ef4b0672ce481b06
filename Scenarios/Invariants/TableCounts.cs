using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>I5 where tables are counted: page_count() of a table below the root is one more than its entries in use, and no table is freed that has any.</summary>
/// <remarks>Looked at when a table is about to be freed, and in the end. Who frees holds the lock of the tables, so it is exact free-running, too.</remarks>
public sealed class TableCounts : Checker
{
    /// <inheritdoc/>
    public override void TableFreed(Cpu cpu, Kvm kvm, Page table)
    {
        int used = Used(table);
        if (used != 0)
        {
            cpu.Fail(nameof(TableCounts), $"table {table.FrameNumber} is freed with {used} {(used == 1 ? "entry" : "entries")} in use", "still in use");
        }
    }

    /// <inheritdoc/>
    public override void AtEnd(Kvm kvm)
    {
        foreach (Page root in kvm.Arch.Roots)
        {
            CheckBelow(kvm, root, kvm.Arch.Geometry.RootLevel); // the root's own reference is the affair of who frees it
        }
    }

    private static void Check(Kvm kvm, Page table, int level)
    {
        if (table.IsFreed)
        {
            Report(kvm, $"table {table.FrameNumber} of level {level} is linked and free");
            return;
        }

        ulong count = TablePages.Peek(table);
        ulong expected = 1 + (ulong)Used(table);
        if (count != expected)
        {
            Report(kvm, $"table {table.FrameNumber} of level {level} has page_count {count} and {expected - 1} entries in use");
            return;
        }

        CheckBelow(kvm, table, level);
    }

    private static void CheckBelow(Kvm kvm, Page table, int level)
    {
        for (int i = 0; level > 0 && i < table.Length; i++)
        {
            if (kvm.Arch.TryDecodeTable(table.Words[i], level, out ulong frame) && kvm.Machine.Memory.PageAt(frame) is { } child)
            {
                Check(kvm, child, level - 1);
            }
        }
    }

    private static int Used(Page table) => table.Words.Count(entry => entry is not (0 or Block.Uninitialised));

    private static void Report(Kvm kvm, string message) => kvm.Machine.Report(new Violation(nameof(TableCounts), message), null);
}
