namespace MmuStress.Explorer;

/// <summary>An axiomatic memory model: which executions it allows.</summary>
/// <remarks>An instance keeps its working relations and is used by one thread at a time.</remarks>
public interface IConsistencyModel
{
    /// <summary>Its name: "sc", "tso" or "lkmm".</summary>
    string Name { get; }

    /// <summary>
    /// Takes in what does not depend on who reads from whom and on coherence: the events, their program order, fences and
    /// dependencies. To be called whenever those have changed.
    /// </summary>
    /// <param name="graph">The execution.</param>
    void Load(ExecutionGraph graph);

    /// <summary>Whether the model allows the execution that was loaded last, with its reads and coherence as they are now.</summary>
    /// <returns>Whether it does. For an unfinished execution, false means that no way to finish it is allowed.</returns>
    bool IsConsistent();
}
