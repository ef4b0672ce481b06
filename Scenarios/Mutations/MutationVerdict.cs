namespace MmuStress.Scenarios;

/// <summary>What leaving an operation out has shown.</summary>
public enum MutationVerdict
{
    /// <summary>Nothing: the memory model does not tell the difference.</summary>
    NotDetectable,

    /// <summary>Everything holds without it, in this scope.</summary>
    NotNeededInScope,

    /// <summary>Something is violated without it.</summary>
    Necessary,
}
