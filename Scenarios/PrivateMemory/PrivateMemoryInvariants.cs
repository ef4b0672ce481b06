namespace MmuStress.Scenarios;

/// <summary>What must hold of private memory.</summary>
public static class PrivateMemoryInvariants
{
    /// <summary>The host accesses no page of a frame that is private, or mapped as private.</summary>
    public const string HostNeverTouchesPrivate = nameof(HostNeverTouchesPrivate);

    /// <summary>While no invalidation is in progress a frame is mapped as private exactly where it is private.</summary>
    public const string NoStalePrivacy = nameof(NoStalePrivacy);

    /// <summary>When all is quiet the host has the pages of shared frames, and is kept out of those of private ones that the guest has mapped.</summary>
    public const string PoisonMatchesAttribute = nameof(PoisonMatchesAttribute);
}
