namespace MmuStress.Scenarios.Tests;

/// <summary>Runs after the others: whoever runs free needs every core.</summary>
[CollectionDefinition(nameof(FreeHostTests), DisableParallelization = true)]
#pragma warning disable CA1711 // xunit calls it a collection
public sealed class FreeHostCollection;
#pragma warning restore CA1711
