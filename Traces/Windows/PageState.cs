namespace MmuStress.Traces;

/// <summary>What is known of a page.</summary>
[Flags]
internal enum PageState : byte
{
    /// <summary>Not mapped in stage 2.</summary>
    None = 0,

    /// <summary>Mapped in stage 2.</summary>
    Mapped = 1,

    /// <summary>Mapped for writes.</summary>
    Writable = 2,

    /// <summary>The host maps it read-only: the page of zeroes, or one that is shared for copy-on-write.</summary>
    ReadOnlyOfHost = 4,

    /// <summary>The host has given it back, and nobody has touched it since.</summary>
    Dropped = 8,
}
