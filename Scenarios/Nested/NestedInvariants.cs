namespace MmuStress.Scenarios;

/// <summary>What must hold when the guest of a guest is entered.</summary>
public static class NestedInvariants
{
    /// <summary>The MSR bitmap that L2 runs with is L1's, as one set of memslots has it.</summary>
    public const string NestedBitmapIsWhole = nameof(NestedBitmapIsWhole);

    /// <summary>The addresses that L2 runs with have been checked.</summary>
    public const string NestedControlsAreChecked = nameof(NestedControlsAreChecked);
}
