using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>An event of an episode: A to E as in the trace's record.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct EpisodeEvent
{
    public long Line;
    public int Thread;
    public EpisodeEventKind Kind;
    public ulong A;
    public ulong B;
    public ulong C;
    public ulong D;
    public ulong E;
}
