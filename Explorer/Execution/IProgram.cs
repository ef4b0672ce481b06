namespace MmuStress.Explorer;

/// <summary>What is explored. The same set-up must come out in every run: memory allocated and CPUs spawned in the same order.</summary>
public interface IProgram
{
    /// <summary>Sets up memory and spawns the CPUs of one run.</summary>
    /// <param name="machine">The machine, empty.</param>
    void Start(ExploredMachine machine);
}
