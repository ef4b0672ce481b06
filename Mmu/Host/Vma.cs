namespace MmuStress.Mmu;

/// <summary>A mapped range of host virtual addresses.</summary>
/// <remarks>
/// Mirrors: struct vm_area_struct. A use after munmap has freed it is a violation of NoVmaUseAfterFree.
/// Locking: mmap_lock, for write to change it.
/// </remarks>
public sealed class Vma
{
    private static readonly BlockKind Kind = new("struct vm_area_struct", "NoVmaUseAfterFree");
    private static readonly string[] FieldNames = ["vma->vm_start", "vma->vm_end", "vma->vm_flags"];

    internal Vma(Multiprocessor machine, HvaRange range, VmaFlags flags)
    {
        Block = machine.Memory.Allocate("vma", FieldNames.Length, Kind, FieldNames);
        Block[0].Initialise(range.Start.Value);
        Block[1].Initialise(range.End.Value);
        Block[2].Initialise((ulong)flags);
    }

    internal Block Block { get; }

    /// <summary>The first address, read without a check that mmap_lock is held: it is a data race where it is not.</summary>
    /// <returns>vm_start.</returns>
    public Hva Start(Cpu cpu) => new(cpu.Read(Block[0]));

    /// <summary>The first address behind it.</summary>
    /// <returns>vm_end.</returns>
    public Hva End(Cpu cpu) => new(cpu.Read(Block[1]));

    /// <summary>What is allowed in it.</summary>
    /// <returns>vm_flags.</returns>
    public VmaFlags Flags(Cpu cpu) => (VmaFlags)cpu.Read(Block[2]);

    internal void SetStart(Cpu cpu, Hva start) => cpu.Write(Block[0], start.Value);

    internal void SetFlags(Cpu cpu, VmaFlags flags) => cpu.Write(Block[2], (ulong)flags);

    internal void SetEnd(Cpu cpu, Hva end) => cpu.Write(Block[1], end.Value);
}
