namespace MmuStress.Explorer.Tests;

/// <summary>Which Mazurkiewicz trace an interleaving belongs to: two interleavings have the same key when they differ in the order of independent steps only.</summary>
internal readonly record struct TraceKey(ulong Low, ulong High);
