namespace MmuStress.Traces;

/// <summary>What keeps a thread of an episode from going on.</summary>
/// <param name="Kind">What.</param>
/// <param name="Thread">Which thread.</param>
/// <param name="Step">Which of its steps.</param>
/// <param name="Index">The invalidation, or the entry.</param>
/// <param name="Seen">What the entry holds.</param>
internal readonly record struct Obstacle(ObstacleKind Kind, int Thread, int Step, int Index = 0, ulong Seen = 0)
{
    /// <summary>It in one line.</summary>
    public string Describe(EpisodePlan plan)
    {
        EpisodeStep step = plan.Threads[Thread].Steps[Step];
        switch (Kind)
        {
            case ObstacleKind.Covered:
                return $"gfn {step.Old:x}: an SPTE is requested while the invalidation of line {plan.Episode.Invalidations[Index].Line} is in progress there";
            case ObstacleKind.Moved:
                return $"gfn {step.Old:x}: an SPTE is requested although the fault itself has invalidated since its snapshot of mmu_invalidate_seq";
            case ObstacleKind.NotStale:
                return $"gfn {step.Old:x}: the fault is tried again, but nothing was invalidated since it began, nor is in progress there";
            case ObstacleKind.LeftOver:
                return $"gfn {plan.Entries[Index].Gfn:x}: the SPTE {Seen:x} is left over from the invalidation of line {plan.Episode.Invalidations[step.Index].Line}";
            default:
                ulong said = step.Kind == EpisodeStepKind.Check ? step.New : step.Old;
                string entry = $"gfn {plan.Entries[Index].Gfn:x}, level {plan.Entries[Index].Level}";
                return plan.Bits.IsDirtyWithoutWrite(Seen, said)
                    ? $"{entry}: the SPTE {said:x} is dirty, but {Seen:x} before it lets no write through"
                    : $"{entry}: the SPTE is {(SpteBits.IsEmpty(said) ? "0" : $"{said:x}")}, but those before make it {(SpteBits.IsEmpty(Seen) ? "0" : $"{Seen:x}")}";
        }
    }
}
