namespace MmuStress.Traces;

/// <summary>Something that somebody does to memory or with it, with a beginning and an end.</summary>
internal sealed class Act
{
    private const int MostBeside = 24;

    public required ThreadState Thread;
    public required ActKind Kind;
    public required long From;

    /// <summary>The line of its end; of an open one, the last line of its thread.</summary>
    public required long To;
    public bool IsOpen = true;

    /// <summary>Of an access: it was tried and must be tried again.</summary>
    public bool IsPending;

    /// <summary>How often the guest was entered since.</summary>
    public int Entries;

    /// <summary>Of a write: it broke copy-on-write, by an invalidation of its own.</summary>
    public bool BreaksCow;

    /// <summary>Of an access: it found a page that the host maps read-only.</summary>
    public bool FoundReadOnly;

    /// <summary>Of an invalidation: nobody said what it is for.</summary>
    public bool IsGuessed;
    public bool IsCut;

    /// <summary>Of <see cref="ActKind.Unprotect"/>: what had taken the rights away.</summary>
    public ActKind Before;

    /// <summary>Of <see cref="ActKind.SetFlags"/>, and of a moved or created memslot: as it is to be.</summary>
    public GuestSlot? Target;

    /// <summary>Of a host operation: the addresses.</summary>
    public ulong Start;
    public ulong End;
    public readonly List<Cover> Covers = [];

    /// <summary>Those of other threads that touch the same pages and were there at the same time.</summary>
    public readonly List<Act> Beside = [];

    /// <summary>Whether some were left out because there were too many.</summary>
    public bool HasMore;

    public bool IsAccess => Kind is ActKind.Read or ActKind.Write;

    /// <summary>Whether a window can be around it: it is more than an access.</summary>
    public bool IsAnchor => !IsAccess || BreaksCow;

    public bool IsOfMemslots => Kind is ActKind.DeleteSlot or ActKind.CreateSlot or ActKind.MoveSlot or ActKind.SetFlags;

    public bool IsOfDirtyLog => Kind is ActKind.GetDirtyLog or ActKind.ClearDirtyLog;

    public bool IsOfHost => !IsAccess && !IsOfMemslots && !IsOfDirtyLog;

    public bool Meets(Act other)
    {
        foreach (Cover mine in Covers)
        {
            foreach (Cover theirs in other.Covers)
            {
                if (mine.Meets(theirs))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Notes two acts in each other, once.</summary>
    public void Meet(Act other)
    {
        if (other == this || other.Thread == Thread || Beside.Contains(other) || !Meets(other))
        {
            return;
        }

        if (Beside.Count >= MostBeside || other.Beside.Count >= MostBeside)
        {
            HasMore = true;
            other.HasMore = true;
            return;
        }

        Beside.Add(other);
        other.Beside.Add(this);
    }

    /// <summary>Lets go of those that it does not meet any more, now that more is known of what it touches.</summary>
    public void PartFromStrangers()
    {
        foreach (Act other in Beside.ToArray())
        {
            if (!Meets(other))
            {
                other.Beside.Remove(this);
                Beside.Remove(other);
            }
        }
    }

    /// <summary>Lets go of the others, so that acts do not hold each other for ever.</summary>
    public void Part()
    {
        foreach (Act other in Beside)
        {
            other.Beside.Remove(this);
        }

        Beside.Clear();
    }
}
