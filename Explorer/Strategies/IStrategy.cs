using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Who runs next, and which value a choice of the environment takes.</summary>
public interface IStrategy
{
    /// <summary>Whether it repeats a given schedule: then it is asked at every step, and no fair schedule takes over from it.</summary>
    bool IsReplay => false;

    /// <summary>Whether it is asked at every step, also where there is no choice.</summary>
    bool SeesEveryStep => IsReplay;

    /// <summary>Whether it left schedules out because a bound of its own forbids them: having none left is then not having explored everything.</summary>
    bool IsBounded => false;

    /// <summary>Begins a schedule.</summary>
    /// <param name="index">Its number, from 0; with the seed it determines every decision, whichever worker runs it.</param>
    /// <returns>False when there is no such schedule: everything has been explored.</returns>
    bool Begin(long index);

    /// <summary>Decides who performs its pending operation next.</summary>
    /// <param name="machine">The machine, for what is pending.</param>
    /// <param name="enabled">Who can go on, a bit for each CPU; at least one.</param>
    /// <param name="current">Who ran last and could go on; -1 where it cannot.</param>
    /// <param name="yields">Whether <paramref name="current"/> gave up the rest of its turn.</param>
    /// <returns>The CPU's number.</returns>
    int Next(ExploredMachine machine, ulong enabled, int current, bool yields);

    /// <summary>Decides a choice of the environment.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="alternatives">How many alternatives there are, at least 2.</param>
    /// <returns>The alternative, from 0.</returns>
    int Choose(ExploredMachine machine, int alternatives);

    /// <summary>Ends a schedule.</summary>
    /// <param name="machine">The machine, as the run left it.</param>
    void End(ExploredMachine machine)
    {
    }
}
