using MmuStress.Explorer;

namespace MmuStress.Traces;

/// <summary>Looks for an order near the preferred one: changes when invalidations begin and end before the first event that is not explained, and keeps what gets as far.</summary>
/// <param name="machine">The machine.</param>
/// <param name="plan">The plan; its choices are those of the best order afterwards.</param>
/// <param name="explanation">How far an order has come.</param>
internal sealed class OrderSearch(ExploredMachine machine, EpisodePlan plan, Explanation explanation)
{
    private const int MostPrinted = 400_000;
    private const int MostTries = 1_000;
    private const int Near = 6; // how many invalidations before the event
    private const int Drift = 4; // of that many changes that lead no further, one is kept

    /// <summary>Tries.</summary>
    /// <param name="program">The episode.</param>
    /// <param name="order">The preferred order.</param>
    /// <returns>Whether the last order that was run explains the episode.</returns>
    public bool Run(EpisodeProgram program, FileOrder order)
    {
        var random = new SplitMix64((ulong)plan.Episode.Events[0].Line);
        explanation.Begin();
        machine.Run(program, order);
        int best = explanation.FurthestEvent;
        InvalidationChoice[] kept = [.. plan.Choices];
        int tries = Math.Min(MostTries, MostPrinted / plan.Episode.Events.Count);
        for (int i = 0; i < tries && machine.Violation is null; i++)
        {
            int before = plan.Unmaps.FindLastIndex(unmap => unmap <= best) + 1;
            if (before == 0)
            {
                break;
            }

            for (int changes = 1 + random.Next(2); changes > 0; changes--)
            {
                int at = before - 1 - random.Next(Math.Min(before, Near));
                InvalidationChoice choice = plan.Choices[at];
                plan.Choices[at] = random.Next(2) == 0
                    ? choice with { Inverts = !choice.Inverts }
                    : choice with { Begin = (BeginTime)(((int)choice.Begin + 1 + random.Next(2)) % 3) };
            }

            explanation.Begin();
            machine.Run(program, order);
            if (machine.Violation is not null || explanation.FurthestEvent > best || (explanation.FurthestEvent == best && random.Next(Drift) == 0))
            {
                best = explanation.FurthestEvent;
                kept = [.. plan.Choices];
            }
            else
            {
                plan.Choices.Clear();
                plan.Choices.AddRange(kept);
            }
        }

        return machine.Violation is not null;
    }
}
