using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about the races that history knows: <c>coyote test ... -m AsidFlushOrderedOnMips</c>.</summary>
public static class HistoryTests
{
    [Test]
    public static void AsidFlushOrderedOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MmioGenerationBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void MmioGeneration() => CoyoteTest.RunCaller();

    [Test]
    public static void LostKickBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void LostKick() => CoyoteTest.RunCaller();

    [Test]
    public static void UnregisterVsExitBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void UnregisterVsExit() => CoyoteTest.RunCaller();

    [Test]
    public static void AsyncPfVsDestroyBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void AsyncPfVsDestroy() => CoyoteTest.RunCaller();

    [Test]
    public static void RadixSwitchVsUnmapBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void RadixSwitchVsUnmap() => CoyoteTest.RunCaller();

    [Test]
    public static void VncrFaultVsUnmapBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VncrFaultVsUnmap() => CoyoteTest.RunCaller();

    [Test]
    public static void VncrNotifierVsInitBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VncrNotifierVsInit() => CoyoteTest.RunCaller();

    [Test]
    public static void ShadowRegion3TableBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void ShadowRegion3Table() => CoyoteTest.RunCaller();

    [Test]
    public static void GmemDyingVsSlotDeleteBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void GmemDyingVsSlotDelete() => CoyoteTest.RunCaller();

    [Test]
    public static void PkvmLockOrderBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void PkvmLockOrder() => CoyoteTest.RunCaller();

    [Test]
    public static void UsageCountDeadlockBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void UsageCountDeadlock() => CoyoteTest.RunCaller();

    [Test]
    public static void LastBoostedVcpuBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void LastBoostedVcpu() => CoyoteTest.RunCaller();
}
