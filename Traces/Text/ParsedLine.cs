using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>Where the parts of a line are.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct ParsedLine
{
    public ReadOnlySpan<byte> Comm;
    public ReadOnlySpan<byte> Name;
    public ReadOnlySpan<byte> Text;
    public int Pid;
    public int Cpu;

    /// <summary>0 where it is not printed.</summary>
    public int Tgid;

    /// <summary>Nanoseconds, or the number that the clock "counter" gives.</summary>
    public long Time;
    public bool HasFraction;
}
