namespace MmuStress.Mmu;

/// <summary>What checkers are told of the host process, in place and at once: between a call and the step before it no other CPU ran.</summary>
public interface IHostTracepoints
{
    /// <summary>The host accessed a page, in user space or on behalf of it.</summary>
    /// <param name="cpu">Who accessed it.</param>
    /// <param name="mm">The address space.</param>
    /// <param name="hva">Where.</param>
    /// <param name="write">Whether it wrote.</param>
    void PageAccessed(Cpu cpu, HostMm mm, Hva hva, bool write);
}
