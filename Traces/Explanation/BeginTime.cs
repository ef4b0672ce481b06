namespace MmuStress.Traces;

/// <summary>When an invalidation begins that zaps nothing.</summary>
internal enum BeginTime : byte
{
    /// <summary>As soon as it may.</summary>
    AtOnce,

    /// <summary>Right after the next one of another thread.</summary>
    AfterTheNext,

    /// <summary>When a fault must be stale on its account, or its thread goes on.</summary>
    Late,
}
