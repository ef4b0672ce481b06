namespace MmuStress.Litmus;

/// <summary>What a test asks about its condition.</summary>
public enum Quantifier
{
    /// <summary>exists: whether some execution meets it.</summary>
    Exists,

    /// <summary>~exists: whether none does.</summary>
    NotExists,

    /// <summary>forall: whether all do.</summary>
    Forall,
}
