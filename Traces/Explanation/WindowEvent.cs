using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>An event of a window: A to E as in the trace's record.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct WindowEvent
{
    public long Line;
    public int Thread;
    public WindowEventKind Kind;
    public ulong A;
    public ulong B;
    public ulong C;
    public ulong D;
    public ulong E;
}
