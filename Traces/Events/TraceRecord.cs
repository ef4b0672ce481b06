using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>A line of a trace as numbers; what A to G are is said at each <see cref="KvmEvent"/>.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct TraceRecord
{
    public long Line;
    public long Time;
    public int Pid;
    public int Tgid;
    public KvmEvent Kind;
    public ulong A;
    public ulong B;
    public ulong C;
    public ulong D;
    public ulong E;
    public ulong F;
    public ulong G;
}
