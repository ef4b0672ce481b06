using System.Runtime.InteropServices;

namespace MmuStress.Traces;

/// <summary>A step of a thread of an episode.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct EpisodeStep
{
    public EpisodeStepKind Kind;

    /// <summary>Whether it is best made at once, not only when it is needed.</summary>
    public bool IsEager;

    /// <summary>Print: the event. Change, Check: the entry. Begin, UnlockClear, End, WaitForEnd: the invalidation. LockFresh: whether there is a snapshot that counts.</summary>
    public int Index;

    /// <summary>Change: what it was. LockFresh, FindStale: the fault's frame.</summary>
    public ulong Old;

    /// <summary>Change, Check: what it is then. LockFresh, FindStale: the fault's host virtual address.</summary>
    public ulong New;
}
