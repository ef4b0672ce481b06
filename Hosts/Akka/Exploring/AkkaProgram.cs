using MmuStress.Actors;
using MmuStress.Explorer;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>A stage's behaviours as Akka actors under the explorer.</summary>
/// <param name="build">Builds the stage.</param>
/// <param name="crew">The actors.</param>
internal sealed class AkkaProgram(Action<Stage> build, Crew crew) : StageProgram(build)
{
    private readonly Dictionary<string, ExploredSeat> seats = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override void OnRunStarts()
    {
        foreach (ExploredSeat seat in seats.Values)
        {
            seat.Abandon();
        }

        crew.Forget();
    }

    /// <inheritdoc/>
    protected override Func<Cpu, Coroutine> BodyOf(ExploredMachine machine, int number, Part part, int rounds)
    {
        if (!seats.TryGetValue(part.Actor.Name, out ExploredSeat? seat))
        {
            seat = new ExploredSeat(crew, part.Actor.Name);
            seats.Add(seat.Name, seat);
        }

        return seat.Begin(machine, part, rounds);
    }
}
