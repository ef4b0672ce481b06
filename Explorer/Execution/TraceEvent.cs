using System.Globalization;
using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>One thing that happened in a recorded run: a step, or a line that the code logged.</summary>
/// <param name="Step">How many steps had been performed, this one included.</param>
/// <param name="Cpu">Whose it is.</param>
/// <param name="Operation">The step: "ReadOnce mmu_invalidate_seq"; null for a logged line.</param>
/// <param name="Value">What the step read, or wrote.</param>
/// <param name="File">The source file.</param>
/// <param name="Line">The source line.</param>
/// <param name="Text">The logged line; null for a step.</param>
/// <param name="Lock">The class of the lock that the step takes; null for any other step.</param>
/// <param name="OverwrittenAt">The step at which what the step read, or wrote, had been overwritten already; 0 where it had not.</param>
public sealed record TraceEvent(int Step, int Cpu, string? Operation, ulong Value, string File, int Line, string? Text, LockClass? Lock = null, int OverwrittenAt = 0)
{
    /// <summary>" (old: overwritten at step 9)" where what the step read, or wrote, had been overwritten already; else empty.</summary>
    public string Old => OverwrittenAt == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (old: overwritten at step {OverwrittenAt})");
}
